// A view of the header's columns as tensors. Strings and objects are made when they are asked for and not kept, so that
// 90,000 tensors cost their header's bytes and about 33 more each.

import type { Tensor, TensorTable } from './facts'
import type { HeaderColumns } from './headerColumns'
import type { NameIndex } from './nameIndex'

/** `dataStart` is where the tensor data begins in the file, in bytes. */
export function tensorTable(columns: HeaderColumns, index: NameIndex, dataStart: number): TensorTable {
  const { count } = columns
  const nameAt = (row: number): string => columns.nameAt(row)
  const tensorAt = (row: number): Tensor => {
    const { dtype, shape } = columns.familyAt(row)
    return {
      name: nameAt(row),
      dtype,
      shape,
      beginBytes: dataStart + (columns.begin[row] ?? 0),
      endBytes: dataStart + (columns.end[row] ?? 0),
    }
  }
  return {
    count,
    nameAt,
    tensorAt,
    familyAt: row => columns.familyAt(row),
    families: () => columns.families,
    find: name => {
      const row = index.find(name)
      return row < 0 ? undefined : tensorAt(row)
    },
    indexOf: name => index.find(name),
    indexIn: (view, start, end, hash) => index.findIn(view, start, end, hash),
    hashes: columns.hash,
    sameStart: (a, tailA, b, tailB) => {
      const length = columns.nameLength(a) - tailA
      return columns.nameLength(b) - tailB === length && columns.sameBytes(a, b, length)
    },
    sameBeginning: (a, b, length) =>
      columns.nameLength(a) >= length && columns.nameLength(b) >= length && columns.sameBytes(a, b, length),
    nameSums: [columns.nameSum, columns.mixedSum],
    *names() {
      for (let row = 0; row < count; row++) yield nameAt(row)
    },
  }
}
