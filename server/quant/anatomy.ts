// The language model inside a checkpoint: its layers by number, its embedding and its head, whatever prefix they have.
// Shapes are given only where they are certain: plain floats, and MLX's packed weights as they should lie.

import type { Model } from '../checkpoint/facts'
import { lookUpIn } from '../checkpoint/lookUp'
import { type ModuleKind, moduleKinds, type Place, placesOf } from '../checkpoint/moduleKinds'
import { pathOf } from '../checkpoint/shardModules'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { groupBy } from '../util/groupBy'
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
  /** The numbers of the layers, those together that have the same parts with the same shapes. */
  readonly alike: readonly (readonly number[])[]
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

/** The layers while they are put together. */
class Layers {
  readonly parts = new Map<number, Map<string, Part>>()
  /** Which kinds of parts a layer was given, as a text. */
  private readonly given = new Map<number, string>()
  private readonly kinds = new Map<Certain, number>()

  /** A layer that has nothing certain is one all the same. */
  has(number: number): void {
    if (!this.parts.has(number)) this.parts.set(number, new Map())
  }

  put(number: number, path: string, certain: Certain, place: Place): void {
    this.has(number)
    this.parts.get(number)?.set(path, new StoredPart(certain, place))
    let kind = this.kinds.get(certain)
    if (kind === undefined) this.kinds.set(certain, (kind = this.kinds.size))
    this.given.set(number, `${this.given.get(number) ?? ''}${kind} ${path};`)
  }

  get alike(): readonly (readonly number[])[] {
    return [...groupBy(this.parts.keys(), number => this.given.get(number)).values()]
  }
}

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
    if (!layers) prefixes.set(prefix, (layers = new Layers()))
    putLayers(layers, kind, prefix, below)
  }
  const patterns = groupBy(experts, ({ kind }) => kind.pattern)
  for (const { kind, prefix, below } of experts) {
    let layers = prefixes.get(prefix)
    if (!layers) prefixes.set(prefix, (layers = new Layers()))
    putExperts(layers, model, kind, { prefix, below, isOnly: patterns.get(kind.pattern)?.length === 1 })
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
    layers: layers.parts,
    alike: layers.alike,
    embedding: at(first(`${prefix}embed_tokens`, `${prefix}embeddings`)),
    norm: at(first(`${prefix}norm`, `${prefix}norm_f`)),
    head: at(head),
    headParameters: head ? head.flatMap(({ members }) => [...members.keys()]) : [],
  }
}

/** The modules of a kind under the numbers of their layers. */
function putLayers(layers: Layers, kind: ModuleKind, prefix: string, below: string): void {
  const certain = certainOf(kind.members)
  const start = prefix.length + 'layers.'.length
  const parameter = kind.members.has('weight') ? 'weight' : ([...kind.members.keys()][0] ?? '')
  // Where it has no number it is the same in all.
  const own = below.includes('#') ? undefined : below
  for (const place of placesOf(kind, parameter)) {
    const name = place.shard.tensors.nameAt(place.index)
    const dot = name.indexOf('.', start)
    const number = Number(name.slice(start, dot))
    if (certain) layers.put(number, own ?? pathOf(name, parameter).slice(dot + 1), certain, place)
    else layers.has(number)
  }
}

/**
 * The first expert of every layer, where it is of this kind: which it is, if it is there, where all experts with its path are
 * of one. A layer has norms or a router beside, so that all are known.
 */
function putExperts(
  layers: Layers,
  model: Model,
  kind: ModuleKind,
  { prefix, below, isOnly }: { readonly prefix: string; readonly below: string; readonly isOnly: boolean },
): void {
  const certain = certainOf(kind.members)
  const find = lookUpIn(model)
  const [any = ''] = kind.paths()
  layers.has(Number(any.slice(prefix.length + 'layers.'.length).split('.')[0]))
  if (!certain) return
  const own = below.replace(expertPattern, '$1experts.0')
  for (const number of layers.parts.keys()) {
    const path = `${prefix}layers.${number}.${own}`
    const weight = find(`${path}.weight`)
    const isOfKind = (): boolean =>
      [...kind.members].every(([parameter, family]) => {
        const found = parameter === 'weight' ? weight : find(`${path}.${parameter}`)
        return found?.shard.tensors.familyAt(found.index).isLike(family)
      })
    if (weight && (isOnly || isOfKind())) layers.put(number, own, certain, weight)
  }
}

/** A module that stands for itself; of one that several ranks hold the last counts. */
function partOf(kinds: readonly ModuleKind[]): Part | undefined {
  const kind = kinds.findLast(({ members }) => members.has('weight'))
  const certain = kind && certainOf(kind.members)
  if (!certain) return undefined
  const weight = [...placesOf(kind, 'weight')].at(-1)
  return weight && new StoredPart(certain, weight)
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
    { shape, isPacked, widths }: Certain,
    private readonly place: Place,
  ) {
    this.shape = shape
    this.isPacked = isPacked
    this.widths = widths
  }

  get path(): string {
    return pathOf(this.stored.tensor.name, 'weight')
  }

  /** Made when asked for: most parts are as they should be. */
  get stored(): StoredTensor {
    const { shard, index } = this.place
    return (this.known ??= { shard, tensor: shard.tensors.tensorAt(index) })
  }
}
