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
  private readonly layers = new Map<string, Width | undefined>()
  private readonly numbers = new Map<string, Width | undefined>()

  constructor(model: Model) {
    this.find = lookUpIn(model)
    this.file = model.configs[0]
    this.isSplit = ranksOf(model).length > 1
    const types = this.file && modelTypes(this.file)
    this.isGated = gated.test(types?.top ?? '') || gated.test(types?.text ?? '')
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
    for (const [name, share] of firstHalves[own] ?? []) {
      const rows = this.rows(prefix + name)
      if (rows !== undefined && rows % share === 0)
        return { value: rows / share, why: `${prefix}${name} has ${rows} rows` }
    }
    if (this.isSplit || /shared/.test(parent)) return undefined
    return isExpert
      ? this.number(module, 'moe_intermediate_size', 'expert_ffn_hidden_size')
      : this.number(module, 'intermediate_size', 'hidden_dim', 'ffn_dim')
  }

  heads({ parent }: Place, module: string): Width | undefined {
    const value = this.queryRows(`${parent}.v_proj`, `${parent}.q_proj`)
    if (this.isSplit) return value
    const heads = this.value(module, 'num_attention_heads', 'num_heads', 'n_heads')
    const hidden = this.value(module, 'hidden_size', 'dim', 'd_model', 'n_embd')
    const given = this.value(module, 'v_head_dim', 'head_dim')
    const size = given ?? (hidden && heads && hidden % heads === 0 ? hidden / heads : undefined)
    const said = heads && size ? { value: heads * size, why: `config says ${heads} heads of ${size}` } : undefined
    if (!said) return this.isGated ? undefined : value
    // Head sizes that differ by layer leave it to the tensors.
    return value && value.value !== said.value && !this.isGated ? value : said
  }

  /** The rows of the queries, where keys and values are stored beside them: a plain attention. */
  private queryRows(values: string, queries: string): Width | undefined {
    const rows = this.find(`${values}.weight`) ? this.rows(queries) : undefined
    return rows === undefined ? undefined : { value: rows, why: `${queries} has ${rows} rows` }
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
