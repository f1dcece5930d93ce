// Reads the header entries that the scanner leaves alone: escapes in keys, fields of their own, twice or missing, numbers
// beyond 2^53, entries written as arrays. It judges them as the Rust reference does, and apart from that as MLX does.
// Slow and exact; a healthy header never comes here.

import { type Node as JsonNode, parseTree } from 'jsonc-parser'
import { dtypeBits, dtypes, mlxDtypes } from './dtype'
import { Fault } from './headerColumns'
import { maxRank } from './limits'

/** An entry that can be used, though something about it is odd. */
export interface ReadEntry {
  readonly ok: true
  /** Index into `dtypes`. */
  readonly dtype: number
  readonly shape: readonly bigint[]
  readonly begin: bigint
  readonly end: bigint
}

/** An entry that cannot be used. */
export interface BrokenEntry {
  readonly ok: false
  readonly kind: 'bad-entry' | 'unknown-dtype' | 'bad-offsets' | 'too-many-dimensions'
  /** Found and expected. */
  readonly reason: string
}

const maxU64 = (1n << 64n) - 1n
/** What an entry says; others are passed over. */
export const entryFields: readonly string[] = ['dtype', 'shape', 'data_offsets']
const broken = (reason: string, kind: BrokenEntry['kind'] = 'bad-entry'): BrokenEntry => ({ ok: false, kind, reason })

/** Reads an entry as the Rust reference would. `text` is one well-formed JSON value, nested no deeper than it allows. */
export function readOddEntry(text: string): ReadEntry | BrokenEntry {
  const node = parseTree(text)
  if (!node) return broken('is not a value')
  const found = node.type === 'array' ? fieldsOfArray(node) : fieldsOfObject(node)
  if ('ok' in found) return found
  const name = dtypeName(found.dtype)
  if (name === undefined) return broken(`has a dtype of ${clip(text, found.dtype)}, expected a string`)
  const dtype = (dtypes as readonly string[]).indexOf(name)
  if (dtype < 0)
    return broken(`has dtype ${JSON.stringify(name)}, expected one of ${dtypes.join(', ')}`, 'unknown-dtype')
  const shape = integers(text, found.shape)
  if (!shape) return broken(`has a shape of ${clip(text, found.shape)}, expected an array of whole numbers`)
  const offsets = integers(text, found.offsets)
  const [begin, end] = offsets ?? []
  if (begin === undefined || end === undefined || offsets?.length !== 2) {
    return broken(`has data_offsets of ${clip(text, found.offsets)}, expected two whole numbers`, 'bad-offsets')
  }
  if (shape.length > maxRank) {
    return broken(`has ${shape.length} dimensions, at most ${maxRank} are read here`, 'too-many-dimensions')
  }
  return { ok: true, dtype, shape, begin, end }
}

/** What exact arithmetic says of an entry: the order of its offsets, and its size by shape and dtype. */
export function faultOf(dtype: number, shape: readonly bigint[], begin: bigint, end: bigint): number {
  if (end < begin) return Fault.reversed
  let elements = 1n
  for (const dim of shape) {
    elements *= dim
    if (elements > maxU64) return Fault.overflow
  }
  const bits = elements * bitsOf(dtype)
  if (bits > maxU64) return Fault.overflow
  if (bits % 8n !== 0n) return Fault.unaligned
  return bits / 8n === end - begin ? Fault.none : Fault.size
}

/** Whether MLX 0.32.4 takes the entry: it wraps dimensions to int32 and takes floats and booleans for them. */
export function mlxTakes(text: string, dataLength: number): boolean {
  const node = parseTree(text)
  if (node?.type !== 'object') return false
  const last = (key: string): JsonNode | undefined =>
    node.children?.findLast(p => p.children?.[0]?.value === key)?.children?.[1]
  const dtype: unknown = last('dtype')?.value
  const shape = last('shape')
  const offsets = last('data_offsets')
  if (typeof dtype !== 'string' || !mlxDtypes.has(dtype) || shape?.type !== 'array' || offsets?.type !== 'array')
    return false
  let elements = 1n
  for (const dim of shape.children ?? []) {
    if (dim.type !== 'number' && dim.type !== 'boolean') return false
    elements = BigInt.asUintN(64, elements * dimension(text, dim))
  }
  const ends = offsets.children ?? []
  if (ends.length !== 2 || ends.some(each => each.type !== 'number')) return false
  const [begin = 0n, end = 0n] = ends.map(each => BigInt.asUintN(64, wholePart(text, each)))
  const bytes = BigInt.asUintN(64, (elements * BigInt(dtypeBits[dtype as keyof typeof dtypeBits])) / 8n)
  return BigInt.asUintN(64, end - begin) === bytes && end <= BigInt(dataLength)
}

function bitsOf(dtype: number): bigint {
  const name = dtypes[dtype]
  return BigInt(name ? dtypeBits[name] : 0)
}

/** Whole numbers keep their low bits; what only a double holds is cut, as C++ casts it. */
function wholePart(text: string, node: JsonNode): bigint {
  const raw = text.slice(node.offset, node.offset + node.length)
  const whole = /^-?\d+$/.test(raw) ? BigInt(raw) : undefined
  if (whole !== undefined && whole >= -(1n << 63n) && whole <= maxU64) return whole
  return BigInt(Math.trunc(Number(node.value)))
}

/** A dimension as MLX keeps it. A double out of range has no defined value in C++; x86 gives the smallest. */
function dimension(text: string, node: JsonNode): bigint {
  const value = wholePart(text, node)
  const isDouble = value > maxU64 || !/^-?\d+$/.test(text.slice(node.offset, node.offset + node.length))
  if (isDouble && BigInt.asIntN(32, value) !== value) return -(1n << 31n)
  return BigInt.asIntN(32, value)
}

/** The Rust reference takes an entry written as an array of the three fields. */
function fieldsOfArray(node: JsonNode): BrokenEntry | { dtype: JsonNode; shape: JsonNode; offsets: JsonNode } {
  const [dtype, shape, offsets] = node.children ?? []
  const count = node.children?.length ?? 0
  if (!dtype || !shape || !offsets || count !== 3) return broken(`is an array of ${count}, expected an object`)
  return { dtype, shape, offsets }
}

function fieldsOfObject(node: JsonNode): BrokenEntry | { dtype: JsonNode; shape: JsonNode; offsets: JsonNode } {
  if (node.type !== 'object') return broken(`is ${show(node)}, expected an object with dtype, shape and data_offsets`)
  const found = entryFields.map(field => (node.children ?? []).filter(p => p.children?.[0]?.value === field))
  for (const [i, field] of entryFields.entries()) {
    const times = found[i]?.length ?? 0
    if (times > 1) return broken(`has the field ${field} ${times} times, expected it once`)
  }
  const [dtype, shape, offsets] = found.map(properties => properties[0]?.children?.[1])
  if (dtype && shape && offsets) return { dtype, shape, offsets }
  const missing = entryFields.filter((_, i) => found[i]?.length === 0)
  return broken(`has no ${missing.join(' and no ')}, expected dtype, shape and data_offsets`)
}

/** A string, or the `{"F32": null}` that the Rust reference takes for one. */
function dtypeName(node: JsonNode): string | undefined {
  if (node.type === 'string') return String(node.value)
  const only = node.type === 'object' && node.children?.length === 1 ? node.children[0] : undefined
  return only?.children?.[1]?.type === 'null' ? String(only.children[0]?.value) : undefined
}

/** The elements of an array of numbers that are whole, not negative, below 2^64 and written so. */
function integers(text: string, node: JsonNode): bigint[] | undefined {
  if (node.type !== 'array') return undefined
  const values: bigint[] = []
  for (const child of node.children ?? []) {
    const raw = text.slice(child.offset, child.offset + child.length)
    if (child.type !== 'number' || !/^\d+$/.test(raw)) return undefined
    const value = BigInt(raw)
    if (value > maxU64) return undefined
    values.push(value)
  }
  return values
}

/** A value as it is written, cut to what fits a message. */
function clip(text: string, node: JsonNode): string {
  const raw = text.slice(node.offset, node.offset + node.length)
  return raw.length > 60 ? `${raw.slice(0, 60)}…` : raw
}

function show(node: JsonNode): string {
  return node.type === 'null' ? 'null' : `a ${node.type}`
}
