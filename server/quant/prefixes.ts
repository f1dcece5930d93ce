// What stands in front of the names of a language model's layers, and what should: a checkpoint saved out of a wrapper (a
// compiled model, one that trains on several machines, one with adapters) keeps the wrapper's name in front of every tensor,
// and neither mlx-lm 0.32.2 nor transformers 5.24 takes it off.

import type { Model } from '../checkpoint/facts'
import { patternsOf } from '../checkpoint/layouts'
import { moduleKinds } from '../checkpoint/moduleKinds'
import { layerParts } from './layerParts'

/** Names that wrappers put in front, and who does. */
const wrappers: readonly (readonly [string, string])[] = [
  ['module.', 'DistributedDataParallel'],
  ['_orig_mod.', 'torch.compile'],
  ['_fsdp_wrapped_module.', 'FSDP'],
  ['_forward_module.', 'Lightning'],
  ['_checkpoint_wrapped_module.', 'activation checkpointing'],
  ['base_model.model.', 'PEFT'],
  ['base_model.', 'PEFT'],
]

/** Those that a part of a model may be wrapped in as well. */
const inner = /(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./

/** Types whose loaders take what stands before `model.` off, or may. */
const lenient = /_text$|^(laguna|muse_glimmer)$/

export interface Wrapping {
  /** What stands in front of every tensor, or inside of some names. */
  readonly prefix: string
  readonly by: string
  readonly isEverywhere: boolean
}

/** The wrapper that a checkpoint was saved out of; adapters have names of their own. */
export function wrappingOf(model: Model): Wrapping | undefined {
  const names = patternsOf(model).flatMap(({ text, layouts }) =>
    layouts.map(({ parameter }) => (text === '' ? parameter : `${text}.${parameter}`)),
  )
  if (names.length === 0 || names.some(name => /lora_|ia3_|hada_|prompt_embeddings/.test(name))) return undefined
  let prefix = ''
  const by: string[] = []
  const next = () => wrappers.find(([wrapper]) => names.every(name => name.startsWith(prefix + wrapper)))
  for (let found = next(); found; found = next()) {
    prefix += found[0]
    by.push(found[1])
  }
  if (prefix !== '') return { prefix, by: by.join(' and '), isEverywhere: true }
  const part = names.map(name => inner.exec(name)?.[2]).find(name => name !== undefined)
  const who = wrappers.find(([wrapper]) => wrapper === `${part}.`)
  return who && { prefix: who[0], by: who[1], isEverywhere: false }
}

const layerPattern = /^((?:.*?\.)?)layers\.#\.(.+)$/

/**
 * What stands before the layers of a text model of this type, where that is not `model.`: of the one stack that holds all
 * parts of its layers.
 */
export function oddPrefix(model: Model, type: string): string | undefined {
  const parts = lenient.test(type) ? undefined : layerParts(type)
  if (!parts) return undefined
  const stacks = new Map<string, Set<string>>()
  for (const { pattern } of moduleKinds(model)) {
    const [, prefix, below] = layerPattern.exec(pattern) ?? []
    if (prefix === undefined || below === undefined) continue
    let stack = stacks.get(prefix)
    if (!stack) stacks.set(prefix, (stack = new Set()))
    stack.add(below)
  }
  const whole = [...stacks].filter(([, stack]) => parts.every(part => stack.has(part)))
  const [only] = whole
  return only && whole.length === 1 && only[0] !== 'model.' ? only[0] : undefined
}
