// Whether the tensors of a header tile the data: no hole, no overlap, nothing behind the last, nothing cut off.
// The Rust reference insists on it (Metadata::validate and read_metadata); MLX only wants every tensor inside the file.

import { Fault, type HeaderColumns } from './headerColumns'
import { both, type ProblemList, rustOnly } from './problemList'

/** Reports tensors past the end, holes, overlaps and trailing bytes. `dataLength` is what the file holds behind its header. */
export function checkCoverage(
  columns: HeaderColumns,
  nameAt: (row: number) => string,
  dataLength: number,
  wholeHeader: boolean,
  into: ProblemList,
): void {
  const lastEnd = farthest(columns)
  const tiled = inOrder(columns) || tilesWhenSorted(columns)
  if (!tiled && wholeHeader) describeGaps(columns, nameAt, into)
  if (lastEnd > dataLength) {
    const lost: string[] = []
    for (let row = 0; row < columns.count; row++) if ((columns.end[row] ?? 0) > dataLength) lost.push(nameAt(row))
    const missing = lastEnd - dataLength
    const message =
      `the file holds ${bytes(dataLength)} of tensor data, its header describes ${bytes(lastEnd)}: ` +
      `${bytes(missing)} missing, and with them all or part of ${tensors(lost.length)} (first ${JSON.stringify(lost[0])})`
    into.add('past-end', both, message, lost)
  } else if (lastEnd < dataLength && wholeHeader) {
    const message = `the file holds ${bytes(dataLength)} of tensor data, its header describes ${bytes(lastEnd)}: ${bytes(dataLength - lastEnd)} follow the last tensor`
    into.add('trailing-bytes', rustOnly, message)
  }
}

export function bytes(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'byte' : 'bytes'}`
}

export function tensors(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'tensor' : 'tensors'}`
}

function farthest({ end, begin, count }: HeaderColumns): number {
  let last = 0
  for (let row = 0; row < count; row++) last = Math.max(last, end[row] ?? 0, begin[row] ?? 0)
  return last
}

/** The Rust and Hugging Face writers lay tensors out in the order of the header. */
function inOrder({ begin, end, count }: HeaderColumns): boolean {
  let at = 0
  for (let row = 0; row < count; row++) {
    if (begin[row] !== at || (end[row] ?? 0) < at) return false
    at = end[row] ?? 0
  }
  return true
}

/**
 * MLX writes in any order. Where no tensor is empty, the spans tile exactly if the sorted begins are 0 and then the
 * sorted ends: at every byte as many spans have begun as have ended, plus one. That spares a sort with a comparison.
 */
function tilesWhenSorted({ begin, end, count }: HeaderColumns): boolean {
  for (let row = 0; row < count; row++) {
    if ((end[row] ?? 0) <= (begin[row] ?? 0)) return false
  }
  const begins = begin.slice(0, count).sort()
  const ends = end.slice(0, count).sort()
  for (let i = 0; i < count; i++) if (begins[i] !== (i === 0 ? 0 : ends[i - 1])) return false
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
