// A view of the header's columns as tensors. Strings and objects are made when they are asked for and not kept, so that
// 90,000 tensors cost their header's bytes and about 60 more each.

import { dtypes } from './dtype'
import type { Tensor, TensorTable } from './facts'
import type { HeaderColumns } from './headerColumns'
import type { NameIndex } from './nameIndex'
import { tensorFamilies, type TensorFamily } from './tensorFamilies'

/** `dataStart` is where the tensor data begins in the file, in bytes. `ascii`: all names are. */
export function tensorTable(columns: HeaderColumns, index: NameIndex, dataStart: number, ascii: boolean): TensorTable {
  const { names, nameStart, nameEnd, count } = columns
  const buffer = Buffer.from(names.buffer, names.byteOffset, names.length)
  const encoding = ascii ? 'latin1' : 'utf8'
  const nameAt = (row: number): string => {
    if (row < 0 || row >= count) throw new RangeError(`no tensor ${row} among ${count}`)
    return buffer.toString(encoding, nameStart[row], nameEnd[row])
  }
  let families: readonly TensorFamily[] | undefined
  const layoutAt = (row: number): Pick<Tensor, 'dtype' | 'shape'> => {
    const dtype = dtypes[columns.dtype[row] ?? 0]
    if (!dtype) throw new RangeError(`tensor ${row} has no dtype`)
    return { dtype, shape: columns.shape(row) }
  }
  const tensorAt = (row: number): Tensor => {
    const name = nameAt(row)
    return {
      name,
      ...layoutAt(row),
      beginBytes: dataStart + (columns.begin[row] ?? 0),
      endBytes: dataStart + (columns.end[row] ?? 0),
    }
  }
  return {
    count,
    nameAt,
    tensorAt,
    layoutAt,
    families: () => (families ??= tensorFamilies(columns, nameAt)),
    find: name => {
      const row = index.find(name)
      return row < 0 ? undefined : tensorAt(row)
    },
    indexOf: name => index.find(name),
    indexIn: (view, start, end, hash) => index.findIn(view, start, end, hash),
    hashAt: row => columns.hash[row] ?? 0,
    *names() {
      for (let row = 0; row < count; row++) yield nameAt(row)
    },
  }
}
