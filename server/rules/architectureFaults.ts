// The numbers of a config against the tensors of its language model, one by one: widths, heads, the middle of an MLP,
// experts. What a family makes of its numbers is for families.ts; here it is held to the shapes.

import type { JSONPath, Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import type { Anatomy, Part } from '../quant/anatomy'
import type { Family, Known } from '../quant/families'
import { stated, type Stated } from '../quant/sizes'

/** One tensor against one number. */
export interface Mismatch {
  /** The number's place; where it is absent, the number that it is derived from. */
  readonly at: Node
  readonly path: JSONPath
  readonly name: string
  readonly part: Part
  /** What the config makes the loader expect, and what is stored, in words. */
  readonly expected: string
  readonly found: string
  /** The value that would fit, where it is one. */
  readonly wanted: number | undefined
  /** Another number that would fit in its place, if this one were right. */
  readonly instead?: { readonly number: Stated; readonly value: number } | undefined
}

/** Numbers of the language model, at the level of the file where they hold. */
export class Numbers {
  private readonly kept = new Map<string, Stated | undefined>()
  readonly hidden: Stated | undefined
  readonly heads: Stated | undefined
  readonly keyHeads: Stated | undefined
  /** The size of a head, where it is known; `node` is undefined where it is derived. */
  readonly headSize: { readonly value: number; readonly stated: Stated | undefined } | undefined

  constructor(
    readonly file: JsonFile,
    readonly known: Known,
  ) {
    this.hidden = this.get('hidden_size')
    this.heads = this.get('num_attention_heads')
    this.keyHeads = this.get('num_key_value_heads')
    this.headSize = this.findHeadSize()
  }

  /** A number under one of its names; kept, since every layer asks. */
  get(...names: readonly string[]): Stated | undefined {
    const key = names.join()
    if (!this.kept.has(key)) this.kept.set(key, stated(this.file, 'text', ...names))
    return this.kept.get(key)
  }

  private findHeadSize() {
    const rule = this.known.family.headSize
    const given = this.get('head_dim', 'attention_head_dim')
    const derived =
      this.hidden && this.heads && this.hidden.value % this.heads.value === 0
        ? this.hidden.value / this.heads.value
        : undefined
    if (rule === 'ignored')
      return derived !== undefined && (!given || given.value === derived)
        ? { value: derived, stated: undefined }
        : undefined
    if (given) return { value: given.value, stated: given }
    if (rule === 'stated') return undefined
    const value = rule === 'derived' ? derived : rule
    return value === undefined ? undefined : { value, stated: undefined }
  }
}

type Layer = ReadonlyMap<string, Part>

/** Every tensor that a number contradicts, number by number. Of layers that are alike all are looked at where one is at fault. */
export function* mismatches(numbers: Numbers, anatomy: Anatomy, family: Family): Generator<Mismatch> {
  const layerOf = (number: number): Layer => anatomy.layers.get(number) ?? new Map<string, Part>()
  const isFaulty = ([first = -1]: readonly number[]): boolean => {
    const layer = layerOf(first)
    return [hiddenFaults(numbers, [layer]), layerFaults(numbers, layer, family, true)].some(found => !found.next().done)
  }
  const faulty = new Set(anatomy.alike.filter(isFaulty).flat())
  const layers = [...anatomy.layers].flatMap(([number, layer]) => (faulty.has(number) ? [layer] : []))
  const wrongWidth = [...hiddenFaults(numbers, layers, anatomy.norm)]
  yield* wrongWidth
  // Sizes derived from a wrong width would be wrong with it.
  const withHeads = wrongWidth.length === 0 || numbers.headSize?.stated !== undefined
  for (const layer of layers) yield* layerFaults(numbers, layer, family, withHeads)
}

function* layerFaults(numbers: Numbers, layer: Layer, family: Family, withHeads: boolean): Generator<Mismatch> {
  if (family.attention !== 'none' && withHeads) yield* attentionFaults(numbers, layer, family)
  if (family.mlp) yield* mlpFaults(numbers, layer)
  if (family.experts) yield* expertFaults(numbers, layer, family.experts)
}

const rowsOf = ({ shape }: Part) => shape[shape.length - 2] ?? 0

function* hiddenFaults({ hidden }: Numbers, layers: readonly Layer[], norm?: Part): Generator<Mismatch> {
  if (!hidden) return
  const norms = ['input_layernorm', 'post_attention_layernorm', 'norm']
  const outputs = ['self_attn.o_proj', 'mlp.down_proj', 'mixer.o_proj']
  const parts = layers.flatMap(layer => [
    ...norms.flatMap(name => layer.get(name) ?? []).filter(part => part.shape.length === 1),
    ...outputs.flatMap(name => layer.get(name) ?? []).filter(part => part.shape.length === 2),
  ])
  if (norm?.shape.length === 1) parts.push(norm)
  for (const part of parts) {
    const size = part.shape.length === 1 ? (part.shape[0] ?? 0) : rowsOf(part)
    if (size !== hidden.value) yield fault(hidden, part, size, `${hidden.value}`, size)
  }
}

function fault(number: Stated, part: Part, found: number, expected: string, wanted: number | undefined): Mismatch {
  const what = part.shape.length === 1 ? `${found} elements` : `${found} rows`
  return { at: number.node, path: number.path, name: number.name, part, expected, found: what, wanted }
}

function* attentionFaults(numbers: Numbers, layer: Layer, family: Family): Generator<Mismatch> {
  const { heads, headSize, keyHeads, known } = numbers
  if (!heads) return
  if (family.attention === 'mla') {
    const [nope, rope] = [numbers.get('qk_nope_head_dim'), numbers.get('qk_rope_head_dim')]
    const part = layer.get('self_attn.q_b_proj') ?? layer.get('self_attn.q_proj')
    if (!nope || !rope || part?.shape.length !== 2) return
    const size = nope.value + rope.value
    const rows = rowsOf(part)
    if (rows !== heads.value * size)
      yield fault(
        heads,
        part,
        rows,
        `${heads.value * size} (${heads.value} heads of ${nope.value} + ${rope.value})`,
        rows % size === 0 ? rows / size : undefined,
      )
    return
  }
  if (!headSize) return
  const share = family.attention === 'gated' ? 2 : 1
  const base = ['self_attn', 'mixer'].find(name => layer.has(`${name}.q_proj`) || layer.has(`${name}.qkv_proj`))
  if (base === undefined) return
  const keys = keyHeads?.value ?? heads.value
  if (family.attention === 'fused') {
    const part = layer.get(`${base}.qkv_proj`)
    if (part?.shape.length !== 2) return
    const rows = rowsOf(part)
    const expected = (heads.value + 2 * keys) * headSize.value
    const rest = rows - heads.value * headSize.value
    const wanted = rest > 0 && rest % (2 * headSize.value) === 0 ? rest / (2 * headSize.value) : undefined
    if (rows !== expected)
      yield fault(
        keyHeads ?? heads,
        part,
        rows,
        `${expected} (${heads.value} heads of ${headSize.value}, ${keys} of keys and of values)`,
        keyHeads ? wanted : undefined,
      )
    return
  }
  const queries = layer.get(`${base}.q_proj`)
  const key = layer.get(`${base}.k_proj`)
  if (queries?.shape.length !== 2) return
  const rows = rowsOf(queries)
  const wantedRows = share * heads.value * headSize.value
  const keyRows = key?.shape.length === 2 ? rowsOf(key) : undefined
  const keysFit = keyRows === undefined || keyRows === keys * headSize.value
  const doubled = share === 2 ? ', doubled by a gate' : ''
  const expected = (n: number, size: number, what: string) => `${n * size} (${n} ${what} of ${size}`
  if (rows !== wantedRows) {
    const size = headSizeFrom(layer, base, rows / share, heads.value, keyRows, keys)
    if (size !== undefined && size !== headSize.value) {
      // The heads are as many as stated, each of another size.
      const place = headSize.stated ?? heads
      yield {
        at: place.node,
        path: [...known.section, headSize.stated ? (headSize.stated.path.at(-1) ?? 'head_dim') : 'head_dim'],
        name: headSize.stated?.name ?? [...known.section, 'head_dim'].join('.'),
        part: queries,
        expected: `${share * heads.value * headSize.value} (${heads.value} heads of ${headSize.value}${headSize.stated ? '' : ', hidden_size / num_attention_heads'}${doubled})`,
        found: `${rows} rows, ${heads.value} heads of ${size}`,
        wanted: known.family.headSize === 'ignored' ? undefined : size,
      }
      return
    }
    const wanted = rows % (share * headSize.value) === 0 ? rows / (share * headSize.value) : undefined
    yield fault(heads, queries, rows, `${expected(heads.value * share, headSize.value, 'heads')}${doubled})`, wanted)
  }
  if (!keysFit && key && keyRows !== undefined) {
    const wanted = keyRows % headSize.value === 0 ? keyRows / headSize.value : undefined
    const found = fault(
      keyHeads ?? heads,
      key,
      keyRows,
      `${expected(keys, headSize.value, 'heads of keys')})`,
      keyHeads ? wanted : undefined,
    )
    yield { ...found, instead: rows === wantedRows ? otherHeads(numbers, layer, base, keyRows) : undefined }
  }
}

/** No model in use has smaller heads. */
const smallestHead = 32

/**
 * The number of heads by which the number of keys would be right: where a head's size is derived from it, queries fit any,
 * unless a norm over one head says how large it is.
 */
function otherHeads(
  { heads, keyHeads, headSize, hidden }: Numbers,
  layer: Layer,
  base: string,
  keyRows: number,
): Mismatch['instead'] {
  if (!heads || !keyHeads || !hidden || !headSize || headSize.stated) return undefined
  if (headSize.value * heads.value !== hidden.value || layer.has(`${base}.q_norm`)) return undefined
  const value = (hidden.value * keyHeads.value) / keyRows
  const isPlausible = value % keyHeads.value === 0 && keyRows / keyHeads.value >= smallestHead
  return isPlausible ? { number: heads, value } : undefined
}

/** The size of a head by the tensors, if the number of heads is as stated: a norm over one head, or queries and keys agree. */
function headSizeFrom(
  layer: Layer,
  base: string,
  rows: number,
  heads: number,
  keyRows: number | undefined,
  keys: number,
): number | undefined {
  const norm = layer.get(`${base}.q_norm`)
  const normSize = norm?.shape.length === 1 ? norm.shape[0] : undefined
  if (rows % heads !== 0) return undefined
  const size = rows / heads
  if (normSize === size) return size
  return keyRows === keys * size && normSize === undefined ? size : undefined
}

function* mlpFaults(numbers: Numbers, layer: Layer): Generator<Mismatch> {
  const number = numbers.get('intermediate_size')
  if (!number) return
  const halves = [
    ['mlp.gate_proj', 1],
    ['mlp.up_proj', 1],
    ['mlp.c_fc', 1],
    ['mlp.gate_up_proj', 2],
  ] as const
  let fits = true
  for (const [name, share] of halves) {
    const part = layer.get(name)
    if (part?.shape.length !== 2) continue
    const rows = rowsOf(part)
    if (rows === share * number.value) continue
    fits = false
    yield fault(number, part, rows, `${share * number.value}`, rows % share === 0 ? rows / share : undefined)
  }
  // The way back down has the same size as its inputs; a wrong number is told once, by the rows.
  const down = layer.get('mlp.down_proj')
  if (!fits || down?.shape.length !== 2 || down.widths.includes(number.value)) return
  yield { ...fault(number, down, 0, `${number.value}`, undefined), found: `${down.widths.join(' or ')} columns` }
}

function* expertFaults(
  numbers: Numbers,
  layer: Layer,
  { count: counts, size: sizes, at, router }: NonNullable<Family['experts']>,
): Generator<Mismatch> {
  const many = numbers.get(...counts)
  const size = numbers.get(...sizes)
  const gate = layer.get(router)
  if (many && gate?.shape.length === 2 && rowsOf(gate) !== many.value)
    yield fault(many, gate, rowsOf(gate), `${many.value}`, rowsOf(gate))
  const stacked = ['switch_mlp', 'experts'].flatMap(name =>
    ['gate_proj', 'up_proj'].flatMap(half => layer.get(`${at}.${name}.${half}`) ?? []),
  )
  for (const part of stacked) {
    if (part.shape.length !== 3) continue
    const experts = part.shape[0] ?? 0
    if (many && experts !== many.value)
      yield { ...fault(many, part, experts, `${many.value}`, experts), found: `${experts} experts` }
    if (size && rowsOf(part) !== size.value) yield fault(size, part, rowsOf(part), `${size.value}`, rowsOf(part))
  }
  if (!size) return
  for (const half of ['gate_proj', 'up_proj', 'w1', 'w3']) {
    const part = layer.get(`${at}.experts.0.${half}`)
    if (part?.shape.length === 2 && rowsOf(part) !== size.value)
      yield fault(size, part, rowsOf(part), `${size.value}`, rowsOf(part))
  }
}
