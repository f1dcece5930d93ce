// A program that several checkpoints may be meant by is judged with each; a finding then says for which of them it holds.

import type { Model } from '../checkpoint/facts'
import type { Fix } from '../protocol'
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

/** Of the checkpoints that a draft's program may load those that it holds for; undefined where there is but one. */
function concernedBy(
  facts: Facts,
  { path, because = [], models: own }: Draft,
): { readonly models: readonly Model[]; readonly concerned: readonly Model[] } | undefined {
  const models = readWith(facts, path)
  if (models.length < 2) return undefined
  const files = new Set(because.map(b => b.path))
  const concerned = models.filter(model => own?.has(model) || model.shards.some(s => files.has(s.path)))
  return concerned.length === 0 ? undefined : { models, concerned }
}

/** The draft's message, with the checkpoints it holds for where the program may load several. */
export function messageOf(facts: Facts, draft: Draft): string {
  const { message } = draft
  const which = concernedBy(facts, draft)
  if (!which || which.concerned.some(model => message.includes(modelName(model)))) return message
  const { models, concerned } = which
  const others = models.length - concerned.length
  if (others > 0)
    return `${message}; it holds for ${concerned.map(modelName).join(', ')}, not for ${others} ${others === 1 ? 'other' : 'others'} that the program may load`
  return `${message}; it holds for ${models.length === 2 ? 'both' : `all ${models.length}`} checkpoints that the program may load`
}

/** The draft's fixes; where another checkpoint that the program may load knows no such fault, an edit of the program wants a look. */
export function fixesOf(facts: Facts, draft: Draft): readonly Fix[] {
  const { fixes = [], path } = draft
  if (fixes.length === 0) return fixes
  const which = concernedBy(facts, draft)
  if (!which || which.concerned.length === which.models.length) return fixes
  return fixes.map(fix => (fix.edits.some(edit => edit.path === path) ? { ...fix, kind: 'needs-a-look' } : fix))
}
