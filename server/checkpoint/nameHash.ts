// The hash of a tensor's name: over its UTF-8 bytes, four at a time, big-endian. Header, index and look-ups compute it
// each on its way over its own bytes or text, with the same three steps.

export const hashSeed = 0x811c9dc5 | 0

/** Takes in four bytes. */
export const mixWord = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15)

/** Takes in one of the up to three bytes behind the last four. */
export const mixByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)

export const finishHash = (hash: number): number => hash ^ (hash >>> 16)

/** The hash of a span of bytes; `view` is over them. */
export function hashSpan(view: DataView, start: number, end: number): number {
  let hash = hashSeed
  let i = start
  for (; i + 4 <= end; i += 4) hash = mixWord(hash, view.getInt32(i))
  for (; i < end; i++) hash = mixByte(hash, view.getUint8(i))
  return finishHash(hash)
}

const lastAscii = 0x7f

/** The hash of a span of text, where that is ASCII; undefined where it has to be encoded first. */
export function hashText(text: string, start: number, end: number): number | undefined {
  let hash = hashSeed
  let i = start
  for (; i + 4 <= end; i += 4) {
    const a = text.charCodeAt(i)
    const b = text.charCodeAt(i + 1)
    const c = text.charCodeAt(i + 2)
    const d = text.charCodeAt(i + 3)
    if ((a | b | c | d) > lastAscii) return undefined
    hash = mixWord(hash, (a << 24) | (b << 16) | (c << 8) | d)
  }
  for (; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c > lastAscii) return undefined
    hash = mixByte(hash, c)
  }
  return finishHash(hash)
}
