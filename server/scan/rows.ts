// The rows of a header: a tensor each, in columns, which are read from outside when all are in.

import { Family } from './families'
import { hashOfParts, isSameFromBehind, mixSum } from './names'
import { powerOfTwo, take, takeZeros } from './room'

/** An entry of a header takes at least so many bytes, however it is written: "":["U8",[],[0,0]], */
const shortestEntry: usize = 19

export let count: i32 = 0
/** Addresses of the columns: offsets as doubles, spans of the text, hashes of the names, numbers of the families. */
let begins: usize = 0
let ends: usize = 0
let nameStarts: usize = 0
let nameEnds: usize = 0
let hashes: usize = 0
let familyNumbers: usize = 0
/** Sums over all names. */
export let nameSum: i32 = 0
export let mixedSum: i32 = 0
/** Every row begins where the one before it ends, the first at 0. */
export let inOrder: bool = true
/** The farthest byte that a row names. */
export let lastEnd: f64 = 0
/** The lowest 32 bits that are set in any row's begin. */
export let beginBits: i32 = 0
/** Sum of the rows' lengths. */
export let spanBytes: f64 = 0
let text: usize = 0
let previous: usize = 0

/** Forgets all, and makes room for what a header of so many bytes can name, and for so many rows in any case. */
export function openRows(header: usize, length: usize, atLeast: usize): void {
  const rows = max(length / shortestEntry + 1, atLeast)
  text = header
  // In the order in which they are packed, so that none is moved over another that is still to come.
  begins = take(rows << 3)
  ends = take(rows << 3)
  nameStarts = take(rows << 2)
  nameEnds = take(rows << 2)
  hashes = take(rows << 2)
  familyNumbers = take(rows << 2)
  count = 0
  nameSum = 0
  mixedSum = 0
  inOrder = true
  lastEnd = 0
  beginBits = 0
  spanBytes = 0
  previous = 0
}

/** The family that came next, the last time, behind one like the last row; 0 where that is not known. */
export function expectedFamily(): usize {
  return previous === 0 ? 0 : changetype<Family>(previous).next
}

/** Adds a row; `path` is the hash of its module's path, `bits` are the lowest of `begin`. */
export function addRow(family: Family, name: usize, nameEnd: usize, path: i32, begin: f64, end: f64, bits: i32): void {
  const row = <usize>count
  count++
  const hash = hashOfParts(path, family.tailHash)
  store<u32>(nameStarts + (row << 2), <u32>(name - text))
  store<u32>(nameEnds + (row << 2), <u32>(nameEnd - text))
  store<i32>(hashes + (row << 2), hash)
  store<i32>(familyNumbers + (row << 2), family.number)
  store<f64>(begins + (row << 3), begin)
  store<f64>(ends + (row << 3), end)
  nameSum += hash
  mixedSum += mixSum(hash)
  if (begin !== lastEnd || end < begin) inOrder = false
  if (end > lastEnd) lastEnd = end
  if (end > begin) spanBytes += end - begin
  beginBits |= bits
  family.count++
  family.pathSum += path
  family.mixedSum += mixSum(path)
  family.last = name
  family.lastEnd = nameEnd
  const at = changetype<usize>(family)
  if (previous !== 0) changetype<Family>(previous).next = at
  previous = at
}

/** Where `packRows` put all, how many bytes it takes together, and how many of them the names do, which are first. */
export let packed: usize = 0
export let packedBytes: usize = 0
export let packedNames: usize = 0

/**
 * Puts the columns behind one another, those of eight bytes first: begins, ends, starts, ends of names, hashes, families; and
 * the slots of `indexNames`. With the names they are put behind these, and the spans are then those of the names there: the
 * text is gone.
 */
export function packRows(withNames: bool): void {
  const rows = <usize>count
  packed = withNames ? text : begins
  packedNames = withNames ? packNames() - text : 0
  let at = (packed + packedNames + 7) & ~7
  at = moved(at, begins, rows << 3)
  at = moved(at, ends, rows << 3)
  at = moved(at, nameStarts, rows << 2)
  at = moved(at, nameEnds, rows << 2)
  at = moved(at, hashes, rows << 2)
  at = moved(at, familyNumbers, rows << 2)
  at = moved(at, slots, slotCount << 2)
  packedBytes = at - packed
}

/**
 * Puts the names behind one another, over the text, whose order is theirs: behind them. What is written beyond a name, of
 * the last of its steps of eight bytes, is over the value that stood behind it.
 */
function packNames(): usize {
  let to = text
  for (let row = 0; row < count; row++) {
    const place = (<usize>row) << 2
    const from = text + <usize>load<u32>(nameStarts + place)
    const length = text + <usize>load<u32>(nameEnds + place) - from
    for (let i: usize = 0; i < length; i += 8) store<u64>(to + i, load<u64>(from + i))
    store<u32>(nameStarts + place, <u32>(to - text))
    to += length
    store<u32>(nameEnds + place, <u32>(to - text))
  }
  return to
}

function moved(to: usize, from: usize, bytes: usize): usize {
  memory.copy(to, from, bytes)
  return to + bytes
}

/** Honest names need about two probes each; this many for each of them is an attack. */
const maxProbesPerName: i64 = 32

/** A table of row + 1 by hash, 0 where free; as long as a power of two. */
export let slots: usize = 0
export let slotCount: usize = 0
/** Rows whose name comes again later, as many as `indexNames` says. */
export let superseded: usize = 0

/** Puts all rows into `slots`: how many are superseded, or -1 where the names were made to collide. */
export function indexNames(): i32 {
  slotCount = powerOfTwo((<usize>count) << 1)
  slots = takeZeros(slotCount << 2)
  superseded = take((<usize>count) << 2)
  const mask = slotCount - 1
  let probes: i64 = <i64>count * maxProbesPerName + 1000
  let again = 0
  for (let row = 0; row < count; row++) {
    const hash = load<i32>(hashes + ((<usize>row) << 2))
    let slot = (<usize>hash) & mask
    while (true) {
      if (--probes < 0) return -1
      const held = load<i32>(slots + (slot << 2))
      if (held === 0) break
      if (isSameName(held - 1, row, hash)) {
        store<i32>(superseded + ((<usize>again) << 2), held - 1)
        again++
        break
      }
      slot = (slot + 1) & mask
    }
    store<i32>(slots + (slot << 2), row + 1)
  }
  return again
}

function isSameName(a: i32, b: i32, hash: i32): bool {
  const i = (<usize>a) << 2
  const j = (<usize>b) << 2
  if (load<i32>(hashes + i) !== hash) return false
  const start: usize = load<u32>(nameStarts + i)
  const other: usize = load<u32>(nameStarts + j)
  const length = <usize>load<u32>(nameEnds + i) - start
  if (<usize>load<u32>(nameEnds + j) - other !== length) return false
  return isSameFromBehind(text + start, text + other, length)
}
