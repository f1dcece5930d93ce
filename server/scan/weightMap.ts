// The entries of an index, {name: file}: where each name and each file stands, a hash of the name, the number of the file.
// Takes in those whose strings have no escapes; checkpoint/indexReader.ts reads the others. An index is large, so it is read
// through a window, whose entries are fetched before it moves; of a file a copy is kept.

import { hashOfParts, hashRest, hashSeed, isSame, isSameFromBehind, mixSum, mixWord, pathEnd } from './names'
import { openText, padding, take, takeZeros } from './room'
import { behindColon, closingQuote, space } from './text'

const quote: u32 = 0x22
const comma: u32 = 0x2c

/** An entry takes at least so many bytes: "":"", */
const shortestEntry: usize = 6

/** Files are few, and their names mostly different. */
const bucketCount: usize = 1 << 14

/** A file, and what is said of all the names in it. checkpoint/indexReader.ts reads the first seven numbers. */
@unmanaged
class File {
  /** The one that was met next, or 0. */
  following: usize
  /** Where it was met first, quotes included: in the index. */
  start: usize
  end: usize
  count: i32
  nameSum: i32
  mixedSum: i32
  /** How many of its names are not hashed. */
  odd: i32
  number: i32
  chain: usize
  /** A copy of it. */
  text: usize
}

/** The window: where its bytes are, and where they begin in the index. */
let text: usize = 0
let base: usize = 0
/** Entries of this window. */
export let entryCount: i32 = 0
/** Addresses. Four numbers for each entry: begin and end of the name and of the file in the index, quotes included. */
export let spans: usize = 0
/** Of every name its hash, 0 where it has escapes. */
export let entryHashes: usize = 0
export let fileNumbers: usize = 0
export let firstFile: usize = 0
let files: i32 = 0
/** Where `indexEntries` stopped, in the index. */
export let stoppedAt: usize = 0
/** The file of the entry before: the next one mostly has the same. */
let last: usize = 0
let newest: usize = 0
let buckets: usize = 0
/** The name of the entry before, and how many of its steps of eight bytes are hashed: the next mostly begins like it. */
let lastName: usize = 0
let lastSteps: usize = 0
/** Beyond so many steps nothing is kept. */
const mostSteps: usize = 32
/** For each step of a name the hash of what is before it, and the last one before it that has a dot, or 0. */
const hashBefore = memory.data(128)
const dottedBefore = memory.data(128)

/** Begins an index, to be read through a window of so many bytes: where these go. */
export function openIndex(window: usize): usize {
  text = openText(window, 0)
  const room = window / shortestEntry + 1
  spans = take(room << 4)
  entryHashes = take(room << 2)
  fileNumbers = take(room << 2)
  buckets = takeZeros(bucketCount << 2)
  store<i32>(hashBefore, hashSeed)
  entryCount = 0
  files = 0
  firstFile = 0
  newest = 0
  last = 0
  return text
}

/** Says that the window holds so many bytes of the index from `start` on. Its entries begin anew. */
export function moveWindow(start: usize, length: usize): void {
  base = start
  entryCount = 0
  lastSteps = 0
  memory.fill(text + length, 0, padding)
}

/**
 * Takes in entries from the one at `from`, which is in the window. True where `stoppedAt` is then what stands behind an
 * entry in place of a comma, or the window's end; false where it is an entry that is not plain, or not all in the window.
 */
export function indexEntries(from: usize): bool {
  let i = text + from - base
  while (true) {
    const behind = plainEntry(i)
    if (behind === 0) {
      stoppedAt = i - text + base
      return false
    }
    i = space(behind)
    if (load<u8>(i) !== comma) {
      stoppedAt = i - text + base
      return true
    }
    i = space(i + 1)
  }
}

/** Adds an entry in the window whose name is not hashed; the spans have their quotes. */
export function addOddEntry(name: usize, nameEnd: usize, start: usize, end: usize): void {
  const file = fileOf(text + start - base, text + end - base)
  changetype<File>(file).odd++
  add(name, nameEnd, start, end, file, 0)
}

/** How many steps of eight bytes a name has in common with the one before, which stands in the window. */
function sharedSteps(name: usize): usize {
  let step: usize = 0
  while (step < lastSteps && load<u64>(name + (step << 3)) === load<u64>(lastName + (step << 3))) step++
  return step
}

/** Behind an entry, or 0. */
function plainEntry(start: usize): usize {
  if (load<u8>(start) !== quote) return 0
  const name = start + 1
  let step = sharedSteps(name)
  lastSteps = 0
  let hash = load<i32>(hashBefore + (step << 2))
  let dotted = load<u32>(dottedBefore + (step << 2))
  let i = name + (step << 3)
  while (true) {
    const bytes = load<u64>(i)
    if (!isPlain(bytes)) break
    if (hasDot(bytes)) dotted = <u32>step
    hash = mixWord(mixWord(hash, <i32>bytes), <i32>(bytes >> 32))
    i += 8
    step++
    if (step < mostSteps) {
      store<i32>(hashBefore + (step << 2), hash)
      store<u32>(dottedBefore + (step << 2), dotted)
    }
  }
  const nameEnd = closingQuote(i)
  if (nameEnd === 0) return 0
  const value = behindColon(nameEnd + 1)
  if (load<u8>(value) !== quote) return 0
  let end: usize = 0
  const length: usize = last === 0 ? 0 : changetype<File>(last).end - changetype<File>(last).start
  if (length > 0 && isSameFromBehind(changetype<File>(last).text, value, length)) end = value + length
  else {
    end = closingQuote(value + 1)
    if (end === 0) return 0
    end++
    last = fileOf(value, end)
  }
  lastName = name
  lastSteps = min(step, mostSteps - 1)
  // The last dot is in the last step that has one, or behind all steps; up to there the hash is that of a path.
  const known = min(<usize>dotted, lastSteps)
  const from = name + (known << 3)
  const path = pathEnd(from, nameEnd)
  hash = hashOfParts(hashRest(from, path, load<i32>(hashBefore + (known << 2))), hashRest(path, nameEnd, hashSeed))
  const file = changetype<File>(last)
  file.nameSum += hash
  file.mixedSum += mixSum(hash)
  const shift = base - text
  add(start + shift, nameEnd + 1 + shift, value + shift, end + shift, last, hash)
  return end
}

function add(name: usize, nameEnd: usize, start: usize, end: usize, file: usize, hash: i32): void {
  const number = <usize>entryCount
  entryCount++
  const span = spans + (number << 4)
  store<u32>(span, <u32>name)
  store<u32>(span, <u32>nameEnd, 4)
  store<u32>(span, <u32>start, 8)
  store<u32>(span, <u32>end, 12)
  store<i32>(entryHashes + (number << 2), hash)
  store<i32>(fileNumbers + (number << 2), changetype<File>(file).number)
  changetype<File>(file).count++
}

/** The file that is written there, as it is written. */
function fileOf(start: usize, end: usize): usize {
  const length = end - start
  const bucket = buckets + (((<usize>hashRest(start, end, hashSeed)) & (bucketCount - 1)) << 2)
  let at: usize = load<u32>(bucket)
  while (at !== 0) {
    const file = changetype<File>(at)
    if (file.end - file.start === length && isSame(file.text, start, length)) return at
    at = file.chain
  }
  at = takeZeros(offsetof<File>())
  const made = changetype<File>(at)
  made.start = start - text + base
  made.end = end - text + base
  made.text = take(length)
  memory.copy(made.text, start, length)
  made.number = files++
  made.chain = load<u32>(bucket)
  store<u32>(bucket, <u32>at)
  if (newest === 0) firstFile = at
  else changetype<File>(newest).following = at
  newest = at
  return at
}

/** Whether none of eight bytes is below "#" (so none is a quote or a space), a backslash, or not ASCII. */
function isPlain(bytes: u64): bool {
  const slash = bytes ^ 0x5c5c5c5c5c5c5c5c
  const odd = ((bytes - 0x2323232323232323) & ~bytes) | ((slash - 0x0101010101010101) & ~slash)
  return ((bytes | odd) & 0x8080808080808080) === 0
}

/** Whether one of eight bytes is a dot. */
function hasDot(bytes: u64): bool {
  const dots = bytes ^ 0x2e2e2e2e2e2e2e2e
  return ((dots - 0x0101010101010101) & ~dots & 0x8080808080808080) !== 0
}
