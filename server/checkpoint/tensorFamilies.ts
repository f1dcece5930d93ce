// Tensors of a shard that are alike: their names differ only in numbers that stand for themselves between dots
// (`layers.12`), and dtype and shape are the same. 90,000 tensors make a few dozen families, and a question that is asked
// of families costs next to nothing. Works on the header's bytes: no string is made until one is asked for.

import { dtypes, type DType } from './dtype'
import type { HeaderColumns } from './headerColumns'
import { hashPart, hashSeed, mixByte as mix, mixSum, pathEnd } from './nameHash'

/** What is asked of a family; see `Family` for what the scanner keeps beside it. */
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
/** Stands for a whole number in a hash; no byte of a name. */
const anyNumber = 0x100

/** What the names of a family have in common, with `#` for each of its numbers. */
export function patternOf(name: string): string {
  return name.replace(/(^|\.)\d+(?=\.)/g, '$1#')
}

/** How an entry is written around its numbers: spans of the header that every entry of the family repeats. */
export interface Wording {
  /** From the quote behind the name to the first offset. */
  readonly lead: number
  readonly leadLength: number
  /** From there to the second. */
  readonly gap: number
  readonly gapLength: number
  /** From there to behind the entry. */
  readonly tail: number
  readonly tailLength: number
}

/** A family as it grows with the rows of a header. */
export class Family implements TensorFamily {
  count = 0
  pathSum = 0
  mixedSum = 0
  /** The row met last. */
  last: number
  /** The family of the row that came behind one of these the last time: layers repeat themselves. */
  next: Family | undefined
  /** Undefined where its first entry is not written plainly, or is faulty. */
  wording: Wording | undefined
  /** Bytes of each of its tensors, where there is a wording. */
  bytes = 0
  private text: string | undefined
  private patternText: string | undefined

  constructor(
    private columns: HeaderColumns,
    readonly number: number,
    readonly first: number,
    /** Index into `dtypes`. */
    readonly dtypeNumber: number,
    readonly shape: readonly number[],
    readonly hash: number,
    /** Bytes of a name from its last dot on, which are the same in all, and their hash. */
    readonly tail: number,
    readonly tailHash: number,
  ) {
    this.last = first
  }

  /** Counts a tensor, by the hash of its module's path. */
  take(path: number): void {
    this.count++
    this.pathSum = (this.pathSum + path) | 0
    this.mixedSum = (this.mixedSum + mixSum(path)) | 0
  }

  get dtype(): DType {
    const dtype = dtypes[this.dtypeNumber]
    if (!dtype) throw new RangeError(`no dtype ${this.dtypeNumber}`)
    return dtype
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
    if (!(other instanceof Family) || other.hash !== this.hash || other.dtypeNumber !== this.dtypeNumber) return false
    const [a, b] = [this.columns, other.columns]
    return (
      sameShape(this.shape, other.shape, other.shape.length) &&
      sameButForNumbers(a.spanOf(this.first), b.spanOf(other.first))
    )
  }
}

/** The families of a header, found by what a row says. */
export class Families {
  /** In the order in which they are met. */
  readonly all: Family[] = []
  private readonly byHash = new Map<number, Family[]>()

  constructor(private readonly columns: HeaderColumns) {}

  /** The family of a name with a dtype and the first `rank` of `dims`; `row` is the number that it will have. */
  of(row: number, nameStart: number, nameEnd: number, dtype: number, dims: readonly number[], rank: number): Family {
    const { columns } = this
    const { names, view } = columns
    const hash = hashOf(names, nameStart, nameEnd, dtype, dims, rank)
    let bucket = this.byHash.get(hash)
    if (!bucket) this.byHash.set(hash, (bucket = []))
    const name = { names, view, start: nameStart, end: nameEnd }
    for (const family of bucket)
      if (family.dtypeNumber === dtype && sameShape(family.shape, dims, rank))
        if (sameButForNumbers(columns.spanOf(family.first), name)) return family
    const at = pathEnd(view, nameStart, nameEnd)
    const [tail, tailHash] = [nameEnd - at, hashPart(view, at, nameEnd)]
    const made = new Family(columns, this.all.length, row, dtype, dims.slice(0, rank), hash, tail, tailHash)
    this.all.push(made)
    bucket.push(made)
    return made
  }
}

function hashOf(
  names: Uint8Array,
  start: number,
  end: number,
  dtype: number,
  dims: readonly number[],
  rank: number,
): number {
  let hash = hashSeed ^ dtype
  for (let i = 0; i < rank; i++) hash = mix(hash, dims[i] ?? 0)
  let begins = true
  for (let i = start; i < end; i++) {
    const byte = names[i] ?? 0
    const after = begins && isDigit(byte) ? numberEnd(names, i, end) : 0
    if (after > 0) {
      hash = mix(hash, anyNumber)
      i = after - 1
      begins = false
    } else {
      hash = mix(hash, byte)
      begins = byte === dot
    }
  }
  return hash
}

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** Where a number ends that fills the part of a name up to the next dot; 0 where it does not. */
export function numberEnd(names: Uint8Array, start: number, end: number): number {
  let i = start + 1
  while (i < end && isDigit(names[i] ?? 0)) i++
  return i < end && names[i] === dot ? i : 0
}

function sameShape(shape: readonly number[], dims: readonly number[], rank: number): boolean {
  if (shape.length !== rank) return false
  for (let i = 0; i < rank; i++) if (shape[i] !== dims[i]) return false
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
