// What a module's input width must be, from evidence outside its own triple. Shapes alone fix only bits × group size; this
// tells the pairs apart: the norm that feeds the module, the modules that write or read the same stream, the first half of
// the same MLP, and sizes in config.json, in this order, because what is stored binds and what is stated may be wrong.

import type { JsonFile, Model } from '../checkpoint/facts'
import { ranksOf } from '../checkpoint/models'
import { type LookUp, lookUpIn } from '../checkpoint/lookUp'
import { folderOf } from '../checkpoint/paths'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { fittingPairs, logicalColumns, type Pair } from './affine'
import { firstHalves, layerNorms, type Place, placeOf, residualInputs, residualOutputs } from './roles'
import { familyOf } from './families'
import { modelTypes } from './mlxLm'
import { partOf, stated } from './sizes'
import { judgeTriple, turn } from './triple'

export interface Width {
  /** Logical input features. */
  readonly value: number
  /** For people: where the number comes from. */
  readonly why: string
}

/** The input width of a module, or undefined where nothing outside it says. */
export function expectedWidth(model: Model, module: string): Width | undefined {
  const place = placeOf(module)
  if (!place) return undefined
  const view = viewOf(model)
  switch (place.role) {
    case 'hidden':
      return view.hidden(place, module)
    case 'middle':
      return view.middle(place, module)
    case 'heads':
      return view.heads(place, module)
    case 'queryRank':
      return view.normOf(`${place.parent}.q_a_layernorm`) ?? view.number(module, 'q_lora_rank')
    case 'keyRank':
      return view.normOf(`${place.parent}.kv_a_layernorm`) ?? view.number(module, 'kv_lora_rank')
  }
}

/** The pairs that give the expected width; all of them where there is no evidence. */
export function withEvidence(pairs: readonly Pair[], packedColumns: number, width: Width | undefined): readonly Pair[] {
  if (!width) return pairs
  const agreeing = pairs.filter(p => logicalColumns(packedColumns, p.bits) === width.value)
  return agreeing.length > 0 ? agreeing : pairs
}

const cache = new WeakMap<Model, View>()
function viewOf(model: Model): View {
  let view = cache.get(model)
  if (!view) cache.set(model, (view = new View(model)))
  return view
}

/** Attentions whose query projection gives twice what their output projection takes: half of it is a gate. */
const gated = /^(qwen3_next|qwen3_5|qwen3_6)/

/** A model as evidence; widths of layers are kept. */
class View {
  private readonly find: LookUp
  private readonly file: JsonFile | undefined
  /** Each rank holds a slice, so that sizes of the whole say nothing about what was sliced. */
  private readonly isSplit: boolean
  private readonly isGated: boolean
  /** Whether a head is as wide as hidden_size / heads where nothing else is stated. */
  private readonly derivesHeads: boolean
  /** Whether the family is known to have queries without a gate. */
  private readonly isPlain: boolean
  private readonly layers = new Map<string, Width | undefined>()
  private readonly numbers = new Map<string, Width | undefined>()

  constructor(model: Model) {
    this.find = lookUpIn(model)
    this.file = model.configs[0]
    this.isSplit = ranksOf(model).length > 1
    const types = this.file && modelTypes(this.file)
    this.isGated = gated.test(types?.top ?? '') || gated.test(types?.text ?? '')
    const family = this.file && familyOf(this.file)?.family
    this.derivesHeads = family?.headSize === 'derived' || family?.headSize === 'ignored'
    this.isPlain = family?.attention === 'plain'
  }

  hidden(place: Place, module: string): Width | undefined {
    const { layer } = place
    if (layer !== undefined) return this.kept(layer, () => this.ofLayer(layer) ?? this.stream(module))
    // Some models look tokens up in a narrower table than the stream and widen it afterwards.
    const narrow = this.number(module, 'word_embed_proj_dim', 'embedding_size')
    if (narrow) return narrow
    const base = place.parent === '' ? '' : `${place.parent}.`
    return this.kept(
      `${base}#`,
      () =>
        this.finalNorm(base) ??
        this.ofLayer(`${base}layers.0`) ??
        this.ofLayer(`${base}model.layers.0`) ??
        this.stream(module),
    )
  }

  middle({ parent, isExpert }: Place, module: string): Width | undefined {
    const own = module.slice(module.lastIndexOf('.') + 1)
    const prefix = parent === '' ? '' : `${parent}.`
    const halves = (firstHalves[own] ?? []).filter(([name]) => this.find(`${prefix}${name}.weight`))
    const isPair = halves.filter(([, share]) => share === 1).length > 1
    const said = this.middleNumber(/shared/.test(parent) ? 'shared' : isExpert ? 'expert' : 'dense', module)
    for (const [name, share] of halves) {
      const rows = this.rows(prefix + name)
      if (rows === undefined || rows % share !== 0) continue
      // A half that stands alone may be two in one: what is stated tells whether it is.
      const isWhole = isPair || share > 1 || this.isSplit || said?.value === rows
      return isWhole ? { value: rows / share, why: `${prefix}${name} has ${rows} rows` } : undefined
    }
    // Under a name that no first half has, the number may count something else.
    return halves.length > 0 ? said : undefined
  }

  /** What the config calls the middle of an MLP; nothing of a whole that is stored in slices. */
  private middleNumber(kind: 'dense' | 'expert' | 'shared', module: string): Width | undefined {
    if (this.isSplit) return undefined
    switch (kind) {
      case 'dense':
        return this.number(module, 'intermediate_size', 'hidden_dim', 'ffn_dim', 'ffn_hidden_size')
      case 'expert':
        return this.number(module, 'moe_intermediate_size', 'expert_ffn_hidden_size')
      case 'shared':
        return this.number(module, 'moe_shared_expert_intermediate_size', 'shared_expert_intermediate_size')
    }
  }

  heads({ parent }: Place, module: string): Width | undefined {
    const queries = this.rows(`${parent}.q_proj`)
    // Keys and values beside the queries make it a plain attention.
    const value =
      queries !== undefined && this.find(`${parent}.v_proj.weight`)
        ? { value: queries, why: `${parent}.q_proj has ${queries} rows` }
        : undefined
    if (this.isSplit) return value
    const said = this.statedHeads(module, queries)
    if (!said) return this.isGated ? undefined : value
    if (this.isGated || value?.value === said.value) return said
    // Head sizes that differ by layer leave it to the tensors; twice as many rows may hold a gate.
    if (value) return value.value === 2 * said.value && !this.isPlain ? undefined : value
    // Without values of its own a layer takes another's, whose heads may be of another size.
    return queries === undefined || queries === said.value || this.value(module, 'v_head_dim') ? said : undefined
  }

  /** All heads as the config counts them. What a head's size is without being stated only families that are known tell, or the queries. */
  private statedHeads(module: string, queries: number | undefined): Width | undefined {
    const heads = this.value(module, 'num_attention_heads', 'num_heads', 'n_heads')
    const hidden = this.value(module, 'hidden_size', 'dim', 'd_model', 'n_embd')
    const given = this.value(module, 'v_head_dim', 'head_dim')
    const derived = hidden && heads && hidden % heads === 0 ? hidden / heads : undefined
    const isUsual = this.derivesHeads || (derived !== undefined && queries === (heads ?? 0) * derived)
    const size = given ?? (isUsual ? derived : undefined)
    return heads && size ? { value: heads * size, why: `config says ${heads} heads of ${size}` } : undefined
  }

  /** The length of a norm's weight. */
  normOf(module: string): Width | undefined {
    const shape = this.shape(module)
    const size = shape?.length === 1 ? shape[0] : undefined
    return size ? { value: size, why: `${module}.weight has ${size} elements` } : undefined
  }

  /** A size of config.json, of the part that the module belongs to. */
  number(module: string, ...names: readonly string[]): Width | undefined {
    if (!this.file) return undefined
    const part = partOf(module)
    const key = `${part} ${names.join()}`
    if (!this.numbers.has(key)) {
      const found = stated(this.file, part, ...names)
      this.numbers.set(
        key,
        found && { value: found.value, why: `config says ${found.name.replace(/^text_config\./, '')} ${found.value}` },
      )
    }
    return this.numbers.get(key)
  }

  private value(module: string, ...names: readonly string[]): number | undefined {
    return this.number(module, ...names)?.value
  }

  private stream(module: string): Width | undefined {
    return this.number(module, 'hidden_size', 'dim', 'd_model', 'n_embd', 'embed_dim')
  }

  private ofLayer(layer: string): Width | undefined {
    for (const name of layerNorms) {
      const found = this.normOf(`${layer}.${name}`)
      if (found) return found
    }
    for (const name of residualOutputs) {
      const rows = this.rows(`${layer}.${name}`)
      if (rows !== undefined) return { value: rows, why: `${layer}.${name} has ${rows} rows` }
    }
    for (const name of residualInputs) {
      const columns = this.columns(`${layer}.${name}`)
      if (columns !== undefined)
        return { value: columns, why: `${layer}.${name}, fed with the same, has ${columns} columns` }
    }
    return undefined
  }

  /** The norm behind the last layer, which the embedding and the head share their width with. */
  private finalNorm(base: string): Width | undefined {
    const names = ['norm', 'model.norm', 'norm_f', 'model.norm_f', 'final_layernorm', 'model.final_layernorm', 'ln_f']
    for (const name of [
      ...names,
      'embedding_norm',
      'model.embedding_norm',
      'model.language_model.norm',
      'transformer.ln_f',
    ]) {
      const found = this.normOf(base + name)
      if (found) return found
    }
    return undefined
  }

  private kept(key: string, find: () => Width | undefined): Width | undefined {
    if (!this.layers.has(key)) this.layers.set(key, find())
    return this.layers.get(key)
  }

  private shape(module: string): readonly number[] | undefined {
    return this.family(module, 'weight')?.shape
  }

  /** Of the rank that the weight is taken from. */
  private besideWeight(module: string, parameter: string): TensorFamily | undefined {
    const [weight, other] = ['weight', parameter].map(each => this.find(`${module}.${each}`))
    const isNear = weight && other && folderOf(weight.shard.path) === folderOf(other.shard.path)
    return isNear ? other.shard.tensors.familyAt(other.index) : undefined
  }

  private family(module: string, parameter: string): TensorFamily | undefined {
    const found = this.find(`${module}.${parameter}`)
    return found?.shard.tensors.familyAt(found.index)
  }

  /** Output features, of a transposed weight in the orientation that fits; undefined where the weight is no matrix or its orientation is not certain. */
  private rows(module: string): number | undefined {
    const oriented = this.oriented(module)
    return oriented?.weight[oriented.weight.length - 2]
  }

  /** Logical input features, where they are certain: an unpacked matrix, or one that a single pair fits. */
  private columns(module: string): number | undefined {
    const oriented = this.oriented(module)
    if (!oriented) return undefined
    const last = (shape: readonly number[]): number => shape[shape.length - 1] ?? 0
    if (!oriented.scales) return last(oriented.weight)
    const [only, ...others] = fittingPairs(last(oriented.weight), last(oriented.scales))
    return only && others.length === 0 ? logicalColumns(last(oriented.weight), only.bits) : undefined
  }

  private oriented(module: string): { weight: readonly number[]; scales: readonly number[] | undefined } | undefined {
    const tensor = this.family(module, 'weight')
    if (!tensor || tensor.shape.length < 2) return undefined
    const stored = this.besideWeight(module, 'scales')
    if (tensor.dtype !== 'U32')
      return /^(BF16|F16|F32)$/.test(tensor.dtype) ? { weight: tensor.shape, scales: undefined } : undefined
    if (!stored) return undefined
    const verdict = judgeTriple({ weight: tensor.shape, scales: stored.shape, float: stored.dtype === 'U8' })
    if (verdict.kind === 'fits') return { weight: tensor.shape, scales: stored.shape }
    if (verdict.kind !== 'turned') return undefined
    const { turned } = verdict
    return {
      weight: turned.weight ? turn(tensor.shape) : tensor.shape,
      scales: turned.scales ? turn(stored.shape) : stored.shape,
    }
  }
}
