// A view of the header's columns as tensors. Strings and objects are made when they are asked for and not kept, so that
// 90,000 tensors cost their header's bytes and about 33 more each.

import type { Tensor, TensorTable } from './facts'
import type { HeaderColumns } from './headerColumns'
import type { NameIndex } from './nameIndex'
import type { TensorFamily } from './tensorFamilies'

/** `dataStart` is where the tensor data begins in the file, in bytes. */
export const tensorTable = (columns: HeaderColumns, index: NameIndex, dataStart: number): TensorTable =>
  new ColumnsTable(columns, index, dataStart)

class ColumnsTable implements TensorTable {
  readonly count: number
  readonly hashes: Int32Array

  constructor(
    private readonly columns: HeaderColumns,
    private readonly index: NameIndex,
    private readonly dataStart: number,
  ) {
    this.count = columns.count
    this.hashes = columns.hash
  }

  nameAt(row: number): string {
    return this.columns.nameAt(row)
  }

  tensorAt(row: number): Tensor {
    const { columns, dataStart } = this
    const { dtype, shape } = columns.familyAt(row)
    return {
      name: columns.nameAt(row),
      dtype,
      shape,
      beginBytes: dataStart + (columns.begin[row] ?? 0),
      endBytes: dataStart + (columns.end[row] ?? 0),
    }
  }

  familyAt(row: number): TensorFamily {
    return this.columns.familyAt(row)
  }

  families(): readonly TensorFamily[] {
    return this.columns.families
  }

  find(name: string): Tensor | undefined {
    const row = this.index.find(name)
    return row < 0 ? undefined : this.tensorAt(row)
  }

  indexOf(name: string): number {
    return this.index.find(name)
  }

  indexIn(view: DataView, start: number, end: number, hash: number): number {
    return this.index.findIn(view, start, end, hash)
  }

  sameStart(a: number, tailA: number, b: number, tailB: number): boolean {
    const { columns } = this
    const length = columns.nameLength(a) - tailA
    return columns.nameLength(b) - tailB === length && columns.sameBytes(a, b, length)
  }

  sameBeginning(a: number, b: number, length: number): boolean {
    const { columns } = this
    return columns.nameLength(a) >= length && columns.nameLength(b) >= length && columns.sameBytes(a, b, length)
  }

  get nameSums(): readonly [number, number] {
    return [this.columns.nameSum, this.columns.mixedSum]
  }

  *names(): IterableIterator<string> {
    for (let row = 0; row < this.count; row++) yield this.columns.nameAt(row)
  }
}
