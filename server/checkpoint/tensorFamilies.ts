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

/** What the scanner found out of a family. */
export interface FamilyRecord extends Pick<
  TensorFamily,
  'shape' | 'count' | 'pathSum' | 'mixedSum' | 'hash' | 'mixedHash'
> {
  /** Index into `dtypes`. */
  readonly dtype: number
  /** The row of its first tensor. */
  readonly first: number
}

/** The rows that families are of. */
interface FamilyRows {
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
  private readonly first: number
  private text: string | undefined
  private patternText: string | undefined

  constructor(
    private readonly all: FamilyRows,
    readonly number: number,
    record: FamilyRecord,
  ) {
    const dtype = dtypes[record.dtype]
    if (!dtype) throw new RangeError(`no dtype ${record.dtype}`)
    this.dtype = dtype
    this.shape = record.shape
    this.count = record.count
    this.pathSum = record.pathSum
    this.mixedSum = record.mixedSum
    this.hash = record.hash
    this.mixedHash = record.mixedHash
    this.first = record.first
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
