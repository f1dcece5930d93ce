// The contents of a specimen's tensors: small finite numbers of the tensor's kind, the same for the same name. A tensor
// that was cut or renamed keeps the numbers that it had, in row-major order; one that was turned has them turned.

import { dtypeBits, type DType } from '../../../server/checkpoint/dtype'
import { sizeOf } from '../../../test/support/buildCheckpoint'
import type { StoredTensor } from './specimen'

/** Changes with what `tensorBytes` gives, since the kept truth depends on it. */
export const numbersVersion = 2

/** A stream of 32-bit words from a name (mulberry32 seeded by FNV-1a). */
function words(name: string): () => number {
  let state = 2166136261
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16777619) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

/**
 * 0.01 to 0.1 of either sign; norms are positive. The scales of packed weights are a fifth of that, so that what they
 * decode to is small and no activation is so large that it hides a fault.
 */
function real(name: string, word: number): number {
  const size = 0.01 + 0.09 * ((word >>> 1) / 2 ** 31)
  const isScale = /[._]scales$/.test(name)
  return (word & 1 && (isScale || !/scale|norm|absmax/.test(name)) ? -size : size) * (isScale ? 0.2 : 1)
}

type Write = (view: DataView, at: number, word: number, name: string, table: readonly StoredTensor[]) => void

const floatBits = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  return view.getUint32(0)
}

/** A float between 2^-14 and 65504, rounded toward zero, as IEEE half. */
function half(value: number): number {
  const bits = floatBits(value)
  return ((bits >>> 16) & 0x8000) | ((((bits >>> 23) & 0xff) - 112) << 10) | ((bits >>> 13) & 0x3ff)
}

/** One number of each dtype; packed and integer kinds take the word as it is. */
const writers: Partial<Record<DType, Write>> = {
  F32: (view, at, word, name) => view.setFloat32(at, real(name, word), true),
  F64: (view, at, word, name) => view.setFloat64(at, real(name, word), true),
  F16: (view, at, word, name) => view.setUint16(at, half(real(name, word)), true),
  BF16: (view, at, word, name) => view.setUint16(at, floatBits(real(name, word)) >>> 16, true),
  U32: (view, at, word) => view.setUint32(at, word, true),
  I32: (view, at, word) => view.setUint32(at, word, true),
  I64: (view, at, word) => view.setBigUint64(at, BigInt(word & 7), true),
  U64: (view, at, word) => view.setBigUint64(at, BigInt(word & 7), true),
  BOOL: (view, at, word) => view.setUint8(at, word & 1),
  U8: (view, at, word, name, table) => view.setUint8(at, byteOf(name, word, table)),
  F8_E8M0: (view, at, word) => view.setUint8(at, exponentOf(word)),
  F8_E4M3: (view, at, word) => view.setUint8(at, smallE4m3(word) | (word & 0x80)),
}

/** 2^-9 to 2^-3 as E8M0. */
const exponentOf = (word: number): number => 118 + (word % 7)
/** 2^-6 to 0.5 as E4M3. */
const smallE4m3 = (word: number): number => 0x08 + (word % 0x28)

/** Bytes are the scales of an mx or nv mode where they are called so, which the group size tells apart; else data. */
function byteOf(name: string, word: number, table: readonly StoredTensor[]): number {
  if (!/scale/.test(name)) return word & 0xff
  const weight = table.find(other => other.name === name.replace(/[._]scales?$/, found => found[0] + 'weight'))
  const scales = table.find(other => other.name === name)
  const group = ((weight?.shape.at(-1) ?? 0) * 8) / (scales?.shape.at(-1) ?? 1)
  return group === 16 ? smallE4m3(word) : exponentOf(word)
}

/** The stored bytes of a tensor, row-major and little-endian; `table` is the shard that it lies in. */
export function tensorBytes(tensor: StoredTensor, table: readonly StoredTensor[]): Uint8Array {
  const bytes = unturnedBytes(tensor, table)
  return tensor.isTurned ? turnedBytes(tensor, bytes) : bytes
}

/** The elements of matrices in the order in which the turned matrices have them. */
function turnedBytes({ dtype, shape }: StoredTensor, bytes: Uint8Array): Uint8Array {
  const [columns = 1, rows = 1, size] = [shape.at(-1), shape.at(-2), dtypeBits[dtype] / 8]
  if (!Number.isInteger(size)) throw new Error(`${dtype} cannot be turned`)
  const out = new Uint8Array(bytes.length)
  const matrix = rows * columns * size
  for (let base = 0; base < bytes.length; base += matrix)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const from = base + (column * rows + row) * size
        out.set(bytes.subarray(from, from + size), base + (row * columns + column) * size)
      }
  return out
}

function unturnedBytes(tensor: StoredTensor, table: readonly StoredTensor[]): Uint8Array {
  const data = new Uint8Array(sizeOf(tensor))
  const view = new DataView(data.buffer)
  const name = tensor.numbersOf ?? tensor.name
  const next = words(name)
  const dtype = tensor.bytesOf ?? tensor.dtype
  const write = writers[dtype] ?? ((bytes, at, word) => bytes.setUint8(at, word & 0xff))
  const step = writers[dtype] ? dtypeBits[dtype] / 8 : 1
  for (let at = 0; at + step <= data.length; at += step) write(view, at, next(), name, table)
  return data
}
