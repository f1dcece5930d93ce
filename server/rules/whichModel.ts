// A program that several checkpoints may be meant by is judged with each; a finding then says for which of them it holds.

import type { Model } from '../checkpoint/facts'
import type { Draft, Facts } from './rule'
import { modelName } from './show'

const kept = new WeakMap<Facts, Map<string, readonly Model[]>>()

/** Checkpoints that a program was read with and whose tensors it met, where no path of its own decides. */
function readWith(facts: Facts, path: string): readonly Model[] {
  let byPath = kept.get(facts)
  if (!byPath) kept.set(facts, (byPath = new Map()))
  let models = byPath.get(path)
  if (!models) {
    const found = facts.runs.flatMap(run =>
      run.bound && run.met.has(run.bound) && [...run.programs].some(p => p.path === path) ? [run.bound] : [],
    )
    byPath.set(path, (models = [...new Set(found)]))
  }
  return models
}

/** The draft's message, with the checkpoints it holds for where the program may load several. */
export function messageOf(facts: Facts, { path, message, because = [], models: own }: Draft): string {
  const models = readWith(facts, path)
  if (models.length < 2) return message
  const files = new Set(because.map(b => b.path))
  const concerned = models.filter(model => own?.has(model) || model.shards.some(s => files.has(s.path)))
  if (concerned.length === 0 || concerned.some(model => message.includes(modelName(model)))) return message
  const others = models.length - concerned.length
  if (others > 0)
    return `${message}; it holds for ${concerned.map(modelName).join(', ')}, not for ${others} ${others === 1 ? 'other' : 'others'} that the program may load`
  return `${message}; it holds for ${models.length === 2 ? 'both' : `all ${models.length}`} checkpoints that the program may load`
}
