// Names of tensors as spans of bytes: their hash, which checkpoint/nameHash.ts computes alike, and comparisons.

export const hashSeed: i32 = <i32>0x811c9dc5

const dot: u32 = 0x2e

/** Takes in four bytes. */
export function mixWord(hash: i32, word: i32): i32 {
  return ((hash ^ word) * <i32>0x9e3779b1) ^ (<i32>((<u32>hash) >> 15))
}

/** Takes in one byte. */
export function mixByte(hash: i32, byte: i32): i32 {
  return (hash ^ byte) * 0x01000193
}

/** A hash mixed once more, for the second of two sums. */
export function mixSum(hash: i32): i32 {
  return (hash ^ (<i32>((<u32>hash) >> 15))) * <i32>0x85ebca6b
}

/** The hash of a name from those of its path and of what is behind the path. */
export function hashOfParts(path: i32, rest: i32): i32 {
  const hash = mixWord(path, rest)
  return hash ^ (<i32>((<u32>hash) >> 16))
}

/** The hash of a part of a name, some of its bytes being taken in already. */
export function hashRest(start: usize, end: usize, before: i32): i32 {
  let hash = before
  let i = start
  for (; i + 4 <= end; i += 4) hash = mixWord(hash, load<i32>(i))
  for (; i < end; i++) hash = mixByte(hash, load<u8>(i))
  return hash
}

/** Where the path of a name ends: at its last dot, or where it begins. */
export function pathEnd(start: usize, end: usize): usize {
  for (let i = end; i > start; i--) if (load<u8>(i - 1) === dot) return i - 1
  return start
}

/** Whether two spans hold the same bytes. */
export function isSame(a: usize, b: usize, length: usize): bool {
  let i: usize = 0
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false
  for (; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false
  return true
}

/** The same, looking at the ends first: names and files of one model begin alike. */
export function isSameFromBehind(a: usize, b: usize, length: usize): bool {
  let i = length
  for (; i >= 8; i -= 8) if (load<u64>(a + i - 8) !== load<u64>(b + i - 8)) return false
  while (i > 0) {
    i--
    if (load<u8>(a + i) !== load<u8>(b + i)) return false
  }
  return true
}

export function isDigit(byte: u32): bool {
  return byte - 0x30 <= 9
}

/** Where a number ends that fills the part of a name up to the next dot; 0 where it does not. */
export function numberEnd(start: usize, end: usize): usize {
  let i = start + 1
  while (i < end && isDigit(load<u8>(i))) i++
  return i < end && load<u8>(i) === dot ? i : 0
}

/**
 * The end of the name at `b`, which ends before `bEnd`, where it is the name from `a` to `aEnd` but for numbers between dots;
 * 0 where it is another. Runs over what is equal, then skips the numbers in which they differ, as often as it takes. What is
 * before `i` and `j` is known to be equal.
 */
export function endButForNumbers(a: usize, aEnd: usize, bEnd: usize, from: usize, to: usize): usize {
  let i = from
  let j = to
  while (true) {
    while (i + 8 <= aEnd && j + 8 <= bEnd && load<u64>(i) === load<u64>(j)) {
      i += 8
      j += 8
    }
    while (i < aEnd && j < bEnd && load<u8>(i) === load<u8>(j)) {
      i++
      j++
    }
    if (i === aEnd) return j
    while (i > a && load<u8>(i - 1) !== dot) {
      i--
      j--
    }
    if (!isDigit(load<u8>(i)) || !isDigit(load<u8>(j))) return 0
    i = numberEnd(i, aEnd)
    j = numberEnd(j, bEnd)
    if (i === 0 || j === 0) return 0
  }
}

/** Stands for any number in a hash; no byte of a name. */
const anyNumber = 0x100

/** The hash of a name in which every number between dots counts as the same. */
export function hashButForNumbers(start: usize, end: usize, before: i32): i32 {
  let hash = before
  for (let i = start; i < end; i++) {
    const after = numberAt(i, start, end)
    hash = mixByte(hash, after > 0 ? anyNumber : load<u8>(i))
    if (after > 0) i = after - 1
  }
  return hash
}

/** Another one of the same. */
export function mixedHashButForNumbers(start: usize, end: usize, before: i32): i32 {
  let hash = before
  for (let i = start; i < end; i++) {
    const after = numberAt(i, start, end)
    hash = mixWord(hash, after > 0 ? anyNumber : load<u8>(i))
    if (after > 0) i = after - 1
  }
  return hash
}

/** Where the number ends that begins at `i` and fills the part of a name up to the next dot; 0 where none does. */
function numberAt(i: usize, start: usize, end: usize): usize {
  if (!isDigit(load<u8>(i)) || (i > start && load<u8>(i - 1) !== dot)) return 0
  return numberEnd(i, end)
}
