// Whether the tensors of a header tile the data: no hole, no overlap, nothing behind the last, nothing cut off.
// The Rust reference insists on it (Metadata::validate and read_metadata); MLX only wants every tensor inside the file.

import { Fault, type HeaderColumns } from './headerColumns'
import { both, type ProblemList, rustOnly } from './problemList'
import { grouped } from '../util/numbers'

/** Reports tensors past the end, holes, overlaps and trailing bytes. `dataLength` is what the file holds behind its header. */
export function checkCoverage(
  columns: HeaderColumns,
  nameAt: (row: number) => string,
  dataLength: number,
  wholeHeader: boolean,
  into: ProblemList,
): void {
  const { lastEnd } = columns
  const tiled = columns.inOrder || isChain(columns)
  if (!tiled && wholeHeader) describeGaps(columns, nameAt, into)
  if (lastEnd > dataLength) {
    const lost: string[] = []
    for (let row = 0; row < columns.count; row++) if ((columns.end[row] ?? 0) > dataLength) lost.push(nameAt(row))
    const missing = lastEnd - dataLength
    const message =
      `the file holds ${bytes(dataLength)} of tensor data, its header describes ${bytes(lastEnd)}: ` +
      `${bytes(missing)} missing, and with them all or part of ${tensors(lost.length)} (first ${JSON.stringify(lost[0])})`
    into.add('past-end', both, message, lost)
  } else if (lastEnd < dataLength && wholeHeader && !columns.fault.includes(Fault.reversed)) {
    const message = `the file holds ${bytes(dataLength)} of tensor data, its header describes ${bytes(lastEnd)}: ${bytes(dataLength - lastEnd)} behind the last tensor`
    into.add('trailing-bytes', rustOnly, message)
  }
}

export function bytes(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'byte' : 'bytes'}`
}

export function tensors(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'tensor' : 'tensors'}`
}

/** Distinct offsets need about two probes each; this many for each of them would be a file made to be slow. */
const maxProbesPerRow = 32

/**
 * The Rust and Hugging Face writers lay tensors out in the order of the header; MLX writes them in any order. Where no
 * tensor is empty they tile if, from 0 on, each ends where the next begins until all have been met. The begins go into
 * an open-addressing table for that. False where it cannot be said so: then the sort below decides.
 */
function isChain({ begin, end, count }: HeaderColumns): boolean {
  // Offsets are multiples of large powers of two, so a slot is made of the upper bits of the product.
  const bits = Math.max(3, Math.ceil(Math.log2(count * 2 + 1)))
  const size = 2 ** bits
  const rows = new Int32Array(size)
  let probes = count * maxProbesPerRow
  /** The slot of the row that begins there, or the free one where it would be. */
  const slotOf = (offset: number): number => {
    let slot = Math.imul((offset | 0) ^ Math.imul(offset / 2 ** 32, 0x85ebca6b), 0x9e3779b1) >>> (32 - bits)
    for (; probes > 0; probes--) {
      const row = (rows[slot] ?? 0) - 1
      if (row < 0 || begin[row] === offset) break
      slot = (slot + 1) & (size - 1)
    }
    return slot
  }
  for (let row = 0; row < count; row++) {
    const offset = begin[row] ?? 0
    const slot = slotOf(offset)
    if (probes === 0 || rows[slot] !== 0 || (end[row] ?? 0) <= offset) return false
    rows[slot] = row + 1
  }
  let at = 0
  for (let met = 0; met < count; met++) {
    const row = (rows[slotOf(at)] ?? 0) - 1
    if (row < 0 || begin[row] !== at) return false
    at = end[row] ?? 0
  }
  return true
}

/** The slow way, by the reference's own order (begin, then end); also right where some tensors are empty. */
function describeGaps(
  { begin, end, fault, count }: HeaderColumns,
  nameAt: (row: number) => string,
  into: ProblemList,
): void {
  // A tensor that ends before it begins leaves a hole that would say nothing new.
  if (fault.includes(Fault.reversed)) return
  const rows = Array.from({ length: count }, (_, row) => row)
  const b = (row: number): number => begin[row] ?? 0
  const e = (row: number): number => end[row] ?? 0
  rows.sort((x, y) => b(x) - b(y) || e(x) - e(y))
  let at = 0
  let holder = -1
  for (const row of rows) {
    const span = `data_offsets [${b(row)}, ${e(row)}]`
    if (b(row) > at) {
      const before = holder < 0 ? 'the data begins' : `${JSON.stringify(nameAt(holder))} ends`
      const gap = bytes(b(row) - at)
      into.addTensor(
        'hole',
        rustOnly,
        nameAt(row),
        () => `has ${span}, expected to begin at ${at} where ${before}: a hole of ${gap}`,
      )
    } else if (b(row) < at) {
      const other = nameAt(holder)
      into.addTensor(
        'overlap',
        rustOnly,
        nameAt(row),
        () => `has ${span}, but ${JSON.stringify(other)} reaches to ${at}: they overlap`,
      )
    }
    if (e(row) >= at) {
      at = e(row)
      holder = row
    }
  }
}
