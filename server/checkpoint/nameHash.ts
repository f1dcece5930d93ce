// The hash of a tensor's name: over its UTF-8 bytes, four at a time, big-endian; first those of its module's path, then those
// from the last dot on, so that the hash of the path can be had as well. Header, index and look-ups compute it alike.

const dot = 0x2e
export const hashSeed = 0x811c9dc5 | 0

/** Takes in four bytes. */
export const mixWord = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15)

/** Takes in one of the up to three bytes behind the last four. */
export const mixByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)

const finishHash = (hash: number): number => hash ^ (hash >>> 16)

/** A hash mixed once more: the sums over a set of names of their hashes and of these tell sets apart. */
export const mixSum = (hash: number): number => Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)

/** The hash of a part of a name: of its path, or of what is behind it. */
export const hashPart = (view: DataView, start: number, end: number): number => hashRest(view, start, end, hashSeed)

/** The same, the bytes before a multiple of four being taken in already. */
export function hashRest(view: DataView, start: number, end: number, before: number): number {
  let hash = before
  let i = start
  for (; i + 4 <= end; i += 4) hash = mixWord(hash, view.getInt32(i))
  for (; i < end; i++) hash = mixByte(hash, view.getUint8(i))
  return hash
}

/** Where the path of a name ends: at its last dot, or where it begins. */
export function pathEnd(view: DataView, start: number, end: number): number {
  for (let i = end - 1; i >= start; i--) if (view.getUint8(i) === dot) return i
  return start
}

/** The hash of a name from those of its two parts. */
export const hashOfParts = (path: number, rest: number): number => finishHash(mixWord(path, rest))

/** The hash of a name; `view` is over its bytes. */
export function hashSpan(view: DataView, start: number, end: number): number {
  const at = pathEnd(view, start, end)
  return hashOfParts(hashPart(view, start, at), hashPart(view, at, end))
}

/** Whether none of four bytes is below "#" (so none is a quote or a space), a backslash, or not ASCII. */
export function isPlainWord(word: number): boolean {
  const slash = word ^ 0x5c5c5c5c
  return ((word | ((word - 0x23232323) & ~word) | ((slash - 0x01010101) & ~slash)) & 0x80808080) === 0
}

/** Whether one of four bytes is a dot. */
export function hasDot(word: number): boolean {
  const dots = word ^ 0x2e2e2e2e
  return ((dots - 0x01010101) & ~dots & 0x80808080) !== 0
}

/** The hash of a name from that of its first bytes, so many of them: a multiple of four within its path. */
export function hashFrom(view: DataView, start: number, hashed: number, hash: number, end: number): number {
  const at = pathEnd(view, start, end)
  return hashOfParts(hashRest(view, hashed, at, hash), hashPart(view, at, end))
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
