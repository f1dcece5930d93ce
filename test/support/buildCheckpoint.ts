// Turns the table of a case into the bytes of a real safetensors file with deterministic contents.
// One tensor a line, `name DTYPE [shape]`, in the order in which they are stored. Braces fold: `{0..3}` counts,
// `{q,k}` lists, and several of them multiply. Lines that begin with `@` spoil or describe the file:
// `@metadata key value`, `@cut N` drops the last N bytes, `@junk N` appends N bytes.

import { dtypeBits } from '../../server/checkpoint/dtype'
import type { DType } from '../../server/checkpoint/dtype'
import { writeSafetensors } from '../../scripts/support/writeSafetensors'
import type { TensorToWrite } from '../../scripts/support/writeSafetensors'

/** What a table says, unfolded. */
export interface Table {
  readonly tensors: readonly { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] }[]
  readonly metadata: Readonly<Record<string, string>>
  /** Bytes that are appended at the end of the file, or taken off where it is negative. */
  readonly change: number
}

/** Reads the lines of a `checkpoint` block. */
export function readTable(lines: readonly string[]): Table {
  const tensors: Table['tensors'][number][] = []
  const metadata: Record<string, string> = { format: 'mlx' }
  let change = 0
  for (const line of lines.map(line => line.trim()).filter(Boolean)) {
    const [word = '', first = '', ...rest] = line.split(/\s+/)
    if (word === '@metadata') metadata[first] = rest.join(' ')
    else if (word === '@cut') change = -Number(first)
    else if (word === '@junk') change = Number(first)
    else tensors.push(...readLine(line))
  }
  return { tensors, metadata, change }
}

/** The bytes of the file that a table describes. */
export function buildCheckpoint(table: readonly string[]): Uint8Array {
  const { tensors, metadata, change } = readTable(table)
  const written = tensors.map(tensor => ({ ...tensor, data: contents(tensor.name, tensor.dtype, sizeOf(tensor)) }))
  const bytes = writeSafetensors(written, metadata)
  if (change <= 0) return bytes.subarray(0, bytes.length + change)
  return new Uint8Array([...bytes, ...new Uint8Array(change).fill(0xa5)])
}

/** In bytes. */
export function sizeOf({ dtype, shape }: Pick<TensorToWrite, 'dtype' | 'shape'>): number {
  return (shape.reduce((product, size) => product * size, 1) * dtypeBits[dtype]) / 8
}

function readLine(line: string): Table['tensors'][number][] {
  const found = /^(\S+)\s+(\w+)\s+\[([\d,\s]*)\]$/.exec(line)
  const dtype = found?.[2] as DType | undefined
  if (!found || dtype === undefined || !(dtype in dtypeBits)) throw new Error(`not a tensor: ${line}`)
  const shape = (found[3] ?? '')
    .split(',')
    .filter(size => size.trim())
    .map(Number)
  if (!Number.isInteger(sizeOf({ dtype, shape }))) throw new Error(`not whole bytes: ${line}`)
  return unfold(found[1] ?? '').map(name => ({ name, dtype, shape }))
}

/** Every name that a folded one stands for. */
export function unfold(folded: string): string[] {
  const found = /^(.*?)\{([^{}]*)\}(.*)$/.exec(folded)
  if (!found) return [folded]
  const [, before = '', inside = '', after = ''] = found
  const range = /^(\d+)\.\.(\d+)$/.exec(inside)
  const choices = range
    ? Array.from({ length: Number(range[2]) - Number(range[1]) + 1 }, (_, i) => String(Number(range[1]) + i))
    : inside.split(',')
  return choices.flatMap(choice => unfold(after).map(rest => before + choice + rest))
}

/** Small finite numbers for the 16-bit float formats, pseudo-random words for the rest; the same for the same name. */
function contents(name: string, dtype: DType, length: number): Uint8Array {
  let state = 2166136261
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16777619) >>> 0
  const data = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = state >>> 24
  }
  // The exponent is held near one in the high byte of each little-endian number, so that no NaN or infinity appears.
  const high: Partial<Record<DType, readonly [number, number]>> = {
    F16: [2, 0x30],
    BF16: [2, 0x3d],
    F32: [4, 0x3d],
    F64: [8, 0x3f],
  }
  const [width, exponent] = high[dtype] ?? [0, 0]
  if (width > 0) for (let i = width - 1; i < length; i += width) data[i] = exponent | ((data[i] ?? 0) & 0x83)
  return data
}
