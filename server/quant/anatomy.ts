// The language model inside a checkpoint: its layers by number, its embedding and its head, whatever prefix they have.
// Shapes are given only where they are certain: plain floats, and MLX's packed weights as they should lie.

import type { Model } from '../checkpoint/facts'
import { type Member, tensorOf } from '../checkpoint/modules'
import { outlineOf } from '../checkpoint/outline'
import type { StoredTensor } from './quantizedModules'
import { judgeTriple } from './triple'

export interface Part {
  /** Module path. */
  readonly path: string
  readonly stored: StoredTensor
  /** Of the weight, in elements; the last axis is packed where `isPacked`. */
  readonly shape: readonly number[]
  readonly isPacked: boolean
  /** How many inputs it may have: one number, or one for each pair of bits and group size that fits. */
  readonly widths: readonly number[]
}

export interface Anatomy {
  /** `model.`, `language_model.model.`, … */
  readonly prefix: string
  /** Layer number → path below the layer → the part; parts whose shape is not certain are left out. */
  readonly layers: ReadonlyMap<number, ReadonlyMap<string, Part>>
  readonly embedding: Part | undefined
  readonly norm: Part | undefined
  readonly head: Part | undefined
  /** Parameters stored beside or instead of the head's weight. */
  readonly headParameters: readonly string[]
}

const layerPattern =
  /^((?:model\.|language_model\.model\.|model\.language_model\.|language_model\.|thinker\.model\.|backbone\.)?)layers\.(\d+)\.(.+)$/

const cache = new WeakMap<Model, Anatomy | undefined>()

/** The language model of a checkpoint; undefined where there is none, or several. */
export function anatomyOf(model: Model): Anatomy | undefined {
  if (!cache.has(model)) cache.set(model, examine(model))
  return cache.get(model)
}

function examine(model: Model): Anatomy | undefined {
  const modules = outlineOf(model)
  const part = (path: string, members: readonly Member[] | undefined): Part | undefined => {
    const weight = members?.findLast(m => m.parameter === 'weight')
    if (!weight) return undefined
    const tensor = tensorOf(weight)
    const stored = { shard: weight.shard, tensor }
    if (/^(BF16|F16|F32|F8_E4M3)$/.test(tensor.dtype))
      return { path, stored, shape: tensor.shape, isPacked: false, widths: tensor.shape.slice(-1) }
    const scales = members?.findLast(m => m.parameter === 'scales')
    const biases = members?.findLast(m => m.parameter === 'biases')
    if (tensor.dtype !== 'U32' || !scales) return undefined
    const verdict = judgeTriple({
      weight: tensor.shape,
      scales: tensorOf(scales).shape,
      biases: biases && tensorOf(biases).shape,
      float: tensorOf(scales).dtype === 'U8',
    })
    if (verdict.kind !== 'fits') return undefined
    const words = tensor.shape.at(-1) ?? 0
    const widths = verdict.pairs.map(pair => (words * 32) / pair.bits)
    return { path, stored, shape: tensor.shape, isPacked: true, widths }
  }
  const prefixes = new Map<string, Map<number, Map<string, Part>>>()
  for (const [path, members] of modules) {
    const found = layerPattern.exec(path)
    if (!found) continue
    const [, prefix = '', number = '', below = ''] = found
    let layers = prefixes.get(prefix)
    if (!layers) prefixes.set(prefix, (layers = new Map()))
    let layer = layers.get(Number(number))
    if (!layer) layers.set(Number(number), (layer = new Map()))
    const known = part(path, members)
    if (known) layer.set(below, known)
  }
  const [only, ...others] = prefixes
  if (!only || others.length > 0) return undefined
  const [prefix, layers] = only
  const first = (...paths: readonly string[]): [string, readonly Member[]] | undefined => {
    for (const path of paths) {
      const members = modules.get(path)
      if (members) return [path, members]
    }
    return undefined
  }
  const at = (found: [string, readonly Member[]] | undefined) => found && part(...found)
  const outer = prefix.replace(/model\.$/, '')
  const head = first(...new Set([`${outer}lm_head`, 'lm_head', 'language_model.lm_head', `${prefix}lm_head`]))
  return {
    prefix,
    layers,
    embedding: at(first(`${prefix}embed_tokens`, `${prefix}embeddings`)),
    norm: at(first(`${prefix}norm`, `${prefix}norm_f`)),
    head: at(head),
    headParameters: head ? head[1].map(m => m.parameter) : [],
  }
}
