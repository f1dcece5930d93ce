// Tensors of a shard that are alike: their names differ only in numbers that stand for themselves between dots
// (`layers.12`), and dtype and shape are the same. 90,000 tensors make a few dozen families, and a question that is asked
// of families costs next to nothing. Works on the header's bytes: no string is made until one is asked for.

import { dtypes, type DType } from './dtype'

/** What is asked of a family; found by server/scan/families.ts. */
export interface TensorFamily {
  /** Its place among the families of its shard. */
  readonly number: number
  /** The name of its first tensor. */
  readonly sample: string
  /** What the names have in common, with `#` for each number. */
  readonly pattern: string
  readonly dtype: DType
  /** In elements. */
  readonly shape: readonly number[]
  /** How many tensors. */
  readonly count: number
  /** Indexes into the shard's table, rising. */
  readonly rows: Uint32Array
  /** Two sums over the hashes of the paths of their modules: equal for two parameters of the same modules. */
  readonly pathSum: number
  readonly mixedSum: number
  /** Equal for families that are alike, in whatever shards they are. */
  readonly hash: number
  /** Another such: of two that are not alike both are equal by chance in one pair of 2^64, or where somebody took pains. */
  readonly mixedHash: number
  /** Whether the tensors of another family, perhaps of another shard, would be in this one if they were stored here. */
  isLike(other: TensorFamily): boolean
}

/** What the names of a family have in common, with `#` for each of its numbers. */
export function patternOf(name: string): string {
  return name.replace(/(^|\.)\d+(?=\.)/g, '$1#')
}

/** The rows that families are of. */
export interface FamilyRows {
  nameAt(row: number): string
  /** Those of one family, by its number, rising. */
  rowsOf(family: number): Uint32Array
}

/** A family of the rows of a header. */
export class Family implements TensorFamily {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly count: number
  readonly pathSum: number
  readonly mixedSum: number
  readonly hash: number
  readonly mixedHash: number
  /** The row of its first tensor. */
  private readonly first: number
  private text: string | undefined
  private patternText: string | undefined

  /** From a record of server/scan/families.ts, which is at `record` in the scanner's memory: `words`, or as `doubles`. */
  constructor(
    private readonly all: FamilyRows,
    readonly number: number,
    words: Int32Array,
    doubles: Float64Array,
    record: number,
  ) {
    const dtype = dtypes[words[record + 1] ?? -1]
    if (!dtype) throw new RangeError(`no dtype ${words[record + 1]}`)
    this.dtype = dtype
    this.hash = words[record + 3] ?? 0
    this.mixedHash = words[record + 4] ?? 0
    this.first = words[record + 5] ?? 0
    this.count = words[record + 6] ?? 0
    this.pathSum = words[record + 7] ?? 0
    this.mixedSum = words[record + 8] ?? 0
    const dims = (words[record + 9] ?? 0) >> 3
    this.shape = Array.from(doubles.subarray(dims, dims + (words[record + 2] ?? 0)))
  }

  get sample(): string {
    return (this.text ??= this.all.nameAt(this.first))
  }

  get pattern(): string {
    return (this.patternText ??= patternOf(this.sample))
  }

  get rows(): Uint32Array {
    return this.count === 1 ? Uint32Array.of(this.first) : this.all.rowsOf(this.number)
  }

  isLike({ hash, mixedHash, dtype, shape }: TensorFamily): boolean {
    return (
      hash === this.hash && mixedHash === this.mixedHash && dtype === this.dtype && shape.length === this.shape.length
    )
  }
}
