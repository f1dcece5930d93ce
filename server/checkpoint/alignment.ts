// Whether tensors begin at a multiple of their element's size, which readers that map a file without a copy want. The
// Rust writer sees to it: it pads the header to 8 bytes and stores wide dtypes first. MLX's writer does neither, so
// its own files are never judged; a file that does not say who wrote it is judged by its offsets alone.

import { dtypeBits } from './dtype'
import { Fault, type HeaderColumns } from './headerColumns'
import { nobody, type ProblemList } from './problemList'
import { grouped } from '../util/numbers'

/** Of an element, in bytes. */
const largestSize = 8

/** Reports tensors that begin off their element's size. `dataStart`: where the data begins in the file. */
export function checkAlignment(
  columns: HeaderColumns,
  nameAt: (row: number) => string,
  dataStart: number,
  format: string | undefined,
  into: ProblemList,
): void {
  if (format === 'mlx') return
  const shift = format === undefined ? 0 : dataStart
  // Where everything begins at a multiple of the largest size, no tensor need be looked at.
  if (((columns.beginBits | shift) & (largestSize - 1)) === 0) return
  const sizes = columns.families.map(({ dtype }) => Math.max(1, dtypeBits[dtype] >> 3))
  const { begin, end, family, fault, count } = columns
  for (let row = 0; row < count; row++) {
    const size = sizes[family[row] ?? 0] ?? 1
    const at = (begin[row] ?? 0) + shift
    // Sizes are powers of two, so that the lowest bits tell.
    if ((at & (size - 1)) === 0 || fault[row] !== Fault.none || begin[row] === end[row]) continue
    const where = shift > 0 ? 'of the file' : 'of the data'
    into.addTensor(
      'unaligned',
      nobody,
      nameAt(row),
      () => `begins at byte ${grouped(at)} ${where}, which is no multiple of the ${size} bytes of an element`,
    )
  }
}
