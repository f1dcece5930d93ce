// The language model inside a checkpoint: its layers by number, its embedding and its head, whatever prefix they have.
// Shapes are given only where they are certain: plain floats, and MLX's packed weights as they should lie.

import type { Model, Shard } from '../checkpoint/facts'
import { lookUpIn } from '../checkpoint/lookUp'
import { type ModuleKind, moduleKinds, placesOf } from '../checkpoint/moduleKinds'
import { pathOf } from '../checkpoint/shardModules'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
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
  /^((?:model\.|language_model\.model\.|model\.language_model\.|language_model\.|thinker\.model\.|backbone\.)?)layers\.#\.(.+)$/
/** The number of an expert in a path: tens of thousands of them are passed over for the first of each layer. */
const expertPattern = /(^|\.)experts\.#(?=\.|$)/

const cache = new WeakMap<Model, Anatomy | undefined>()

/** The language model of a checkpoint; undefined where there is none, or several. */
export function anatomyOf(model: Model): Anatomy | undefined {
  if (!cache.has(model)) cache.set(model, examine(model))
  return cache.get(model)
}

type Layers = Map<number, Map<string, Part>>

function examine(model: Model): Anatomy | undefined {
  const prefixes = new Map<string, Layers>()
  const single = new Map<string, ModuleKind[]>()
  const experts: { readonly kind: ModuleKind; readonly prefix: string; readonly below: string }[] = []
  for (const kind of moduleKinds(model)) {
    const [, prefix, below] = layerPattern.exec(kind.pattern) ?? []
    if (prefix === undefined || below === undefined) {
      single.set(kind.pattern, [...(single.get(kind.pattern) ?? []), kind])
      continue
    }
    if (expertPattern.test(below)) {
      experts.push({ kind, prefix, below })
      continue
    }
    let layers = prefixes.get(prefix)
    if (!layers) prefixes.set(prefix, (layers = new Map()))
    putLayers(layers, kind, prefix)
  }
  for (const { kind, prefix, below } of experts) {
    let layers = prefixes.get(prefix)
    if (!layers) prefixes.set(prefix, (layers = new Map()))
    putExperts(layers, model, kind, prefix, below)
  }
  const [only, ...others] = prefixes
  if (!only || others.length > 0) return undefined
  const [prefix, layers] = only
  const first = (...paths: readonly string[]): readonly ModuleKind[] | undefined =>
    paths.map(path => single.get(path)).find(kinds => kinds !== undefined)
  const at = (kinds: readonly ModuleKind[] | undefined) => kinds && partOf(kinds)
  const outer = prefix.replace(/model\.$/, '')
  const head = first(...new Set([`${outer}lm_head`, 'lm_head', 'language_model.lm_head', `${prefix}lm_head`]))
  return {
    prefix,
    layers,
    embedding: at(first(`${prefix}embed_tokens`, `${prefix}embeddings`)),
    norm: at(first(`${prefix}norm`, `${prefix}norm_f`)),
    head: at(head),
    headParameters: head ? head.flatMap(({ members }) => [...members.keys()]) : [],
  }
}

/** The modules of a kind under the numbers of their layers. */
function putLayers(layers: Layers, kind: ModuleKind, prefix: string): void {
  const certain = certainOf(kind.members)
  const start = prefix.length + 'layers.'.length
  const parameter = kind.members.has('weight') ? 'weight' : ([...kind.members.keys()][0] ?? '')
  for (const { shard, index } of placesOf(kind, parameter)) {
    const path = pathOf(shard.tensors.nameAt(index), parameter)
    const dot = path.indexOf('.', start)
    const layer = layerAt(layers, Number(path.slice(start, dot)))
    if (certain) layer.set(path.slice(dot + 1), new StoredPart(path, certain, shard, index))
  }
}

/** The first expert of every layer, where it is of this kind. A layer has norms or a router beside, so that all are known. */
function putExperts(layers: Layers, model: Model, kind: ModuleKind, prefix: string, below: string): void {
  const certain = certainOf(kind.members)
  const find = lookUpIn(model)
  const [any = ''] = kind.paths()
  layerAt(layers, Number(any.slice(prefix.length + 'layers.'.length).split('.')[0]))
  if (!certain) return
  const own = below.replace(expertPattern, '$1experts.0')
  for (const [number, layer] of layers) {
    const path = `${prefix}layers.${number}.${own}`
    const weight = find(`${path}.weight`)
    const isOfKind = [...kind.members].every(([parameter, family]) => {
      const found = parameter === 'weight' ? weight : find(`${path}.${parameter}`)
      return found?.shard.tensors.familyAt(found.index).isLike(family)
    })
    if (weight && isOfKind) layer.set(own, new StoredPart(path, certain, weight.shard, weight.index))
  }
}

function layerAt(layers: Layers, number: number): Map<string, Part> {
  let layer = layers.get(number)
  if (!layer) layers.set(number, (layer = new Map()))
  return layer
}

/** A module that stands for itself; of one that several ranks hold the last counts. */
function partOf(kinds: readonly ModuleKind[]): Part | undefined {
  const kind = kinds.findLast(({ members }) => members.has('weight'))
  const certain = kind && certainOf(kind.members)
  if (!certain) return undefined
  const weight = [...placesOf(kind, 'weight')].at(-1)
  return weight && new StoredPart(kind.pattern, certain, weight.shard, weight.index)
}

type Certain = Pick<Part, 'shape' | 'isPacked' | 'widths'>

/** What is certain of modules with these members. */
function certainOf(members: ReadonlyMap<string, TensorFamily>): Certain | undefined {
  const [weight, scales, biases] = ['weight', 'scales', 'biases'].map(parameter => members.get(parameter))
  if (!weight) return undefined
  const { shape } = weight
  if (/^(BF16|F16|F32|F8_E4M3)$/.test(weight.dtype)) return { shape, isPacked: false, widths: shape.slice(-1) }
  if (weight.dtype !== 'U32' || !scales) return undefined
  const verdict = judgeTriple({
    weight: shape,
    scales: scales.shape,
    biases: biases?.shape,
    float: scales.dtype === 'U8',
  })
  if (verdict.kind !== 'fits') return undefined
  const words = shape.at(-1) ?? 0
  return { shape, isPacked: true, widths: verdict.pairs.map(pair => (words * 32) / pair.bits) }
}

class StoredPart implements Part {
  readonly shape: readonly number[]
  readonly isPacked: boolean
  readonly widths: readonly number[]
  private known: StoredTensor | undefined

  constructor(
    readonly path: string,
    { shape, isPacked, widths }: Certain,
    private readonly shard: Shard,
    private readonly index: number,
  ) {
    this.shape = shape
    this.isPacked = isPacked
    this.widths = widths
  }

  /** Made when asked for: most parts are as they should be. */
  get stored(): StoredTensor {
    return (this.known ??= { shard: this.shard, tensor: this.shard.tensors.tensorAt(this.index) })
  }
}
