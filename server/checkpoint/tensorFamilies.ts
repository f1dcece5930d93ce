// Tensors of a shard that are alike: their names differ only in numbers that stand for themselves between dots
// (`layers.12`), and dtype and shape are the same. 90,000 tensors make a few dozen families, and a question that is asked
// of families costs next to nothing. Works on the header's bytes: no string is made until one is asked for.

import { dtypes, type DType } from './dtype'
import type { HeaderColumns } from './headerColumns'

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
  /** Whether the tensors of another family, perhaps of another shard, would be in this one if they were stored here. */
  isLike(other: TensorFamily): boolean
}

const dot = 0x2e

/** What the names of a family have in common, with `#` for each of its numbers. */
export function patternOf(name: string): string {
  return name.replace(/(^|\.)\d+(?=\.)/g, '$1#')
}

/** What the scanner found out of a family. */
export interface FamilyRecord extends Pick<TensorFamily, 'shape' | 'count' | 'pathSum' | 'mixedSum' | 'hash'> {
  /** Index into `dtypes`. */
  readonly dtype: number
  /** The row of its first tensor. */
  readonly first: number
}

/** A family of the rows of a header. */
export class Family implements TensorFamily {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly count: number
  readonly pathSum: number
  readonly mixedSum: number
  readonly hash: number
  private readonly first: number
  private text: string | undefined
  private patternText: string | undefined

  constructor(
    private readonly columns: HeaderColumns,
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
    this.first = record.first
  }

  get sample(): string {
    return (this.text ??= this.columns.nameAt(this.first))
  }

  get pattern(): string {
    return (this.patternText ??= patternOf(this.sample))
  }

  get rows(): Uint32Array {
    return this.columns.rowsOf(this)
  }

  isLike(other: TensorFamily): boolean {
    if (other === this) return true
    if (!(other instanceof Family) || other.hash !== this.hash || other.dtype !== this.dtype) return false
    return (
      sameShape(this.shape, other.shape) &&
      sameButForNumbers(this.columns.spanOf(this.first), other.columns.spanOf(other.first))
    )
  }
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** Where a number ends that fills the part of a name up to the next dot; 0 where it does not. */
function numberEnd(names: Uint8Array, start: number, end: number): number {
  let i = start + 1
  while (i < end && isDigit(names[i] ?? 0)) i++
  return i < end && names[i] === dot ? i : 0
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A name: a span of bytes, and a view over the same bytes. */
export interface NameSpan {
  readonly names: Uint8Array
  readonly view: DataView
  readonly start: number
  readonly end: number
}

/** Runs over what is equal, then skips the numbers in which the names differ, as often as it takes. */
function sameButForNumbers(a: NameSpan, b: NameSpan): boolean {
  let i = a.start
  let j = b.start
  for (;;) {
    while (i + 4 <= a.end && j + 4 <= b.end && a.view.getInt32(i) === b.view.getInt32(j)) {
      i += 4
      j += 4
    }
    while (i < a.end && j < b.end && a.names[i] === b.names[j]) {
      i++
      j++
    }
    if (i === a.end && j === b.end) return true
    while (i > a.start && a.names[i - 1] !== dot) {
      i--
      j--
    }
    if (!isDigit(a.names[i] ?? 0) || !isDigit(b.names[j] ?? 0)) return false
    i = numberEnd(a.names, i, a.end)
    j = numberEnd(b.names, j, b.end)
    if (i === 0 || j === 0) return false
  }
}
