// The header of a safetensors file: {name: {dtype, shape, data_offsets}}. Takes in the entries that are written plainly and
// agree with themselves; stops at each of the others, which are for checkpoint/headerScanner.ts to judge.
// Most entries read like an earlier one but for their numbers, and are compared with it; the others are read field by field.

import { dtypeBits, dtypeOf } from './dtypes'
import { addDim, clearDims, Family, familyOf, openFamilies } from './families'
import { endButForNumbers, hashRest, hashSeed, isSame, mixWord } from './names'
import { openText, padding } from './room'
import { addRow, count, expectedFamily, openRows } from './rows'
import { behindColon, closingQuote, forgetStrings, number, space, whole } from './text'

const quote: u32 = 0x22
const comma: u32 = 0x2c
const openBrace: u32 = 0x7b
const closeBrace: u32 = 0x7d
const openBracket: u32 = 0x5b
const closeBracket: u32 = 0x5d
/** Beyond this a product would be rounded in a double. */
const maxExact: f64 = 9007199254740991

// With the quotes: "dtype", "shape", "data_offsets", and a name that is no tensor's, "__metadata__".
const dtypeKey = memory.data<u8>([0x22, 0x64, 0x74, 0x79, 0x70, 0x65, 0x22])
const shapeKey = memory.data<u8>([0x22, 0x73, 0x68, 0x61, 0x70, 0x65, 0x22])
const shortKey: usize = 7
const offsetsKey = memory.data<u8>([0x22, 0x64, 0x61, 0x74, 0x61, 0x5f, 0x6f, 0x66, 0x66, 0x73, 0x65, 0x74, 0x73, 0x22])
const offsetsKeyLength: usize = 14
const metadataKey = memory.data<u8>([
  0x22, 0x5f, 0x5f, 0x6d, 0x65, 0x74, 0x61, 0x64, 0x61, 0x74, 0x61, 0x5f, 0x5f, 0x22,
])
const metadataKeyLength: usize = 14

let text: usize = 0
let textEnd: usize = 0
let maxTensors: i32 = 0
/** Where `headerEntries` stopped, in the text. */
export let at: usize = 0

// Of the entry at hand.
let dtype: i32 = 0
let bits: u64 = 0
let elements: u64 = 0
let begin: u64 = 0
let end: u64 = 0
let lead: usize = 0
let leadEnd: usize = 0
let gap: usize = 0
let gapEnd: usize = 0

/**
 * Begins a header of so many bytes: where it goes. More than `most` tensors are not taken in; there is room for what it can
 * name, and at least for `rows` that come from outside.
 */
export function openHeader(length: usize, most: i32, rows: i32): usize {
  text = openText(length, length)
  textEnd = text + length
  maxTensors = most
  forgetStrings()
  openRows(text, length, <usize>rows)
  openFamilies(length)
  return text
}

/**
 * Takes in entries from the one at `from`. True where `at` is then what stands behind an entry in place of a comma, false
 * where it is an entry that is not plain.
 */
export function headerEntries(from: usize): bool {
  let i = text + from
  while (true) {
    let behind = expectedEntry(i)
    if (behind === 0) behind = entry(i)
    if (behind === 0) {
      at = i - text
      return false
    }
    i = space(behind)
    if (load<u8>(i) !== comma) {
      at = i - text
      return true
    }
    i = space(i + 1)
  }
}

/**
 * An entry that reads like those of the family that came next the last time, but for the numbers in its name and its
 * offsets, which must agree with the family's size. Behind it, or 0 where anything is otherwise.
 */
function expectedEntry(start: usize): usize {
  const expected = expectedFamily()
  if (expected === 0 || load<u8>(start) !== quote || count >= maxTensors) return 0
  const family = changetype<Family>(expected)
  if (family.leadLength === 0) return 0
  const name = start + 1
  // The path is hashed as far as it is the same; names of one model mostly differ early.
  const path = family.lastEnd - family.tail
  let hash = hashSeed
  let i = family.last
  let j = name
  for (; i + 4 <= path; i += 4, j += 4) {
    const word = load<i32>(j)
    if (load<i32>(i) !== word) break
    hash = mixWord(hash, word)
  }
  const hashed = j
  const nameEnd = endButForNumbers(family.last, family.lastEnd, textEnd, i, j)
  if (nameEnd === 0) return 0
  j = repeated(nameEnd, family.lead, family.leadLength)
  j = j === 0 ? 0 : whole(j)
  const first = number
  j = j === 0 ? 0 : repeated(j, family.gap, family.gapLength)
  j = j === 0 ? 0 : whole(j)
  if (j === 0 || number - first !== family.bytes) return 0
  const behind = repeated(j, family.closing, family.closingLength)
  if (behind === 0) return 0
  hash = hashRest(hashed, nameEnd - family.tail, hash)
  addRow(family, name, nameEnd, hash, <f64>first, <f64>number, <i32>first)
  return behind
}

/** Behind a span of the text that is repeated at `i`, or 0. */
function repeated(i: usize, span: usize, length: usize): usize {
  return i + length <= textEnd && isSame(span, i, length) ? i + length : 0
}

/** An entry, field by field: behind it, or 0 where it is not plain. */
function entry(start: usize): usize {
  if (load<u8>(start) !== quote || count >= maxTensors) return 0
  const name = start + 1
  const nameEnd = closingQuote(name)
  if (nameEnd === 0 || isSame(start, metadataKey, metadataKeyLength)) return 0
  const value = behindColon(nameEnd + 1)
  const behind: usize = value === 0 ? 0 : fields(value)
  if (behind === 0 || behind > textEnd) return 0
  if (end < begin || elements * bits !== (end - begin) << 3) return 0
  const family = familyOf(count, name, nameEnd, dtype)
  if (family.leadLength === 0) {
    family.bytes = end - begin
    family.lead = nameEnd
    family.leadLength = lead - nameEnd
    family.gap = leadEnd
    family.gapLength = gap - leadEnd
    family.closing = gapEnd
    family.closingLength = behind - gapEnd
  }
  const path = hashRest(name, nameEnd - family.tail, hashSeed)
  addRow(family, name, nameEnd, path, <f64>begin, <f64>end, <i32>begin)
  return behind
}

/** An object with the three fields, each once: behind it, or 0. */
function fields(start: usize): usize {
  if (load<u8>(start) !== openBrace) return 0
  let seen = 0
  let i = start + 1
  while (true) {
    i = space(i)
    if (isSame(i, dtypeKey, shortKey)) {
      if (seen & 1) return 0
      seen |= 1
      i = dtypeValue(behindColon(i + shortKey))
    } else if (isSame(i, shapeKey, shortKey)) {
      if (seen & 2) return 0
      seen |= 2
      i = shape(behindColon(i + shortKey))
    } else if (isSame(i, offsetsKey, offsetsKeyLength)) {
      if (seen & 4) return 0
      seen |= 4
      i = offsets(behindColon(i + offsetsKeyLength))
    } else return 0
    if (i === 0) return 0
    i = space(i)
    if (load<u8>(i) === closeBrace) return seen === 7 ? i + 1 : 0
    if (load<u8>(i) !== comma) return 0
    i++
  }
}

// Each of these gives where its value ends, or 0; a position of 0 gives 0, since nothing stands there.

function dtypeValue(start: usize): usize {
  if (load<u8>(start) !== quote) return 0
  const name = start + 1
  const nameEnd = closingQuote(name)
  dtype = nameEnd === 0 ? -1 : dtypeOf(name, nameEnd)
  if (dtype < 0) return 0
  bits = dtypeBits(dtype)
  return nameEnd + 1
}

function shape(start: usize): usize {
  elements = 1
  clearDims()
  if (load<u8>(start) !== openBracket) return 0
  let i = space(start + 1)
  if (load<u8>(i) === closeBracket) return i + 1
  while (true) {
    i = whole(i)
    if (i === 0 || !addDim(<f64>number)) return 0
    // With a later dimension of 0 a product that was rounded, or wrapped, could pass unseen.
    if (<f64>elements * <f64>number > maxExact) return 0
    elements *= number
    i = space(i)
    if (load<u8>(i) === closeBracket) return i + 1
    if (load<u8>(i) !== comma) return 0
    i = space(i + 1)
  }
}

function offsets(start: usize): usize {
  if (load<u8>(start) !== openBracket) return 0
  lead = space(start + 1)
  leadEnd = whole(lead)
  if (leadEnd === 0) return 0
  begin = number
  let i = space(leadEnd)
  if (load<u8>(i) !== comma) return 0
  gap = space(i + 1)
  gapEnd = whole(gap)
  if (gapEnd === 0) return 0
  end = number
  i = space(gapEnd)
  return load<u8>(i) === closeBracket ? i + 1 : 0
}

// What is not plain comes back from outside, one row at a time.

/** Where a name that had escapes goes, decoded: so many bytes behind the text. It must not be longer than it was written. */
export function decodedName(offset: usize): usize {
  return textEnd + padding + offset
}

/** Adds a row whose shape was handed to `clearDims` and `addDim`; the name is a span from the text's beginning. */
export function addOddRow(name: usize, nameEnd: usize, ofDtype: i32, from: f64, to: f64, lowBits: i32): void {
  const family = familyOf(count, text + name, text + nameEnd, ofDtype)
  const path = hashRest(text + name, text + nameEnd - family.tail, hashSeed)
  addRow(family, text + name, text + nameEnd, path, from, to, lowBits)
}
