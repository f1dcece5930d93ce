// Families of tensors (checkpoint/tensorFamilies.ts says what they are), found by what a row says of itself.

import {
  endButForNumbers,
  hashButForNumbers,
  hashRest,
  hashSeed,
  isSame,
  mixByte,
  mixedHashButForNumbers,
  mixSum,
  mixWord,
  pathEnd,
} from './names'
import { powerOfTwo, take, takeZeros } from './room'

/** A record; checkpoint/headerRows.ts reads the first ten numbers. */
@unmanaged
export class Family {
  /** The one that was met next, or 0. */
  following: usize
  dtype: i32
  rank: i32
  /** Two hashes of all that families which are alike have in common; together they stand for it. */
  hash: i32
  mixedHash: i32
  first: i32
  count: i32
  /** Sums over the hashes of the paths of its tensors. */
  pathSum: i32
  mixedSum: i32
  /** Where its shape is: `rank` doubles. */
  dims: usize
  /** Bytes of a name from its last dot on, which are the same in all. */
  tail: i32
  tailHash: i32
  number: i32
  /** Where the name of its first tensor is. */
  name: usize
  nameEnd: usize
  /** Where the name of the tensor met last is. */
  last: usize
  lastEnd: usize
  /** The family of the row that came behind one of these the last time: layers repeat themselves. */
  next: usize
  /** The next one with such a hash. */
  chain: usize
  /** How an entry is written around its numbers: spans of the text that all repeat. A length of 0: not known. */
  lead: usize
  leadLength: usize
  gap: usize
  gapLength: usize
  closing: usize
  closingLength: usize
  /** Of the data of each, where the spans are known. */
  bytes: u64
}

/** How many there are, and the first. */
let families: i32 = 0
export let firstFamily: usize = 0
let lastFamily: usize = 0
let buckets: usize = 0
let mask: usize = 0
/** The shape of the row at hand. */
let dims: usize = 0
export let rank: i32 = 0
const maxRank = 64

/** Forgets all; `length` is that of the header, in bytes. */
export function openFamilies(length: usize): void {
  const size = powerOfTwo(length >> 8)
  buckets = takeZeros(size << 2)
  mask = size - 1
  dims = take(maxRank << 3)
  families = 0
  firstFamily = 0
  lastFamily = 0
}

export function clearDims(): void {
  rank = 0
}

/** False where there are too many. */
export function addDim(dim: f64): bool {
  if (rank === maxRank) return false
  store<f64>(dims + ((<usize>rank) << 3), dim)
  rank++
  return true
}

/** The family of a name with a dtype and the shape at hand; `row` is the number that it will have. */
export function familyOf(row: i32, name: usize, nameEnd: usize, dtype: i32): Family {
  let hash = hashSeed ^ dtype
  let mixedHash = mixSum(hash)
  for (let i = 0; i < rank << 1; i++) {
    const half = load<i32>(dims + ((<usize>i) << 2))
    hash = mixByte(hash, half)
    mixedHash = mixWord(mixedHash, half)
  }
  hash = hashButForNumbers(name, nameEnd, hash)
  const bucket = buckets + (((<usize>hash) & mask) << 2)
  const dimBytes = (<usize>rank) << 3
  let at: usize = load<u32>(bucket)
  while (at !== 0) {
    const family = changetype<Family>(at)
    if (family.hash === hash && family.dtype === dtype && family.rank === rank)
      if (isSame(family.dims, dims, dimBytes))
        if (endButForNumbers(family.name, family.nameEnd, nameEnd, family.name, name) === nameEnd) return family
    at = family.chain
  }
  const made = takeZeros(offsetof<Family>())
  const tail = pathEnd(name, nameEnd)
  const family = changetype<Family>(made)
  family.dims = take(dimBytes)
  memory.copy(family.dims, dims, dimBytes)
  family.dtype = dtype
  family.rank = rank
  family.hash = hash
  family.mixedHash = mixedHashButForNumbers(name, nameEnd, mixedHash)
  family.first = row
  family.tail = <i32>(nameEnd - tail)
  family.tailHash = hashRest(tail, nameEnd, hashSeed)
  family.number = families++
  family.name = name
  family.nameEnd = nameEnd
  family.chain = load<u32>(bucket)
  store<u32>(bucket, <u32>made)
  if (lastFamily === 0) firstFamily = made
  else changetype<Family>(lastFamily).following = made
  lastFamily = made
  return family
}
