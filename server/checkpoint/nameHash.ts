// The hash of a tensor's name, as the scanner computes it (server/scan/names.ts): over its UTF-8 bytes, four at a time,
// little-endian; first those of its module's path, then those from the last dot on. For names that are looked up.

const dot = 0x2e
export const hashSeed = 0x811c9dc5 | 0

const mixWord = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15)
const mixByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)

/** The hash of a name; `view` is over its bytes. */
export function hashSpan(view: DataView, start: number, end: number): number {
  const at = pathEnd(view, start, end)
  const hash = mixWord(hashPart(view, start, at), hashPart(view, at, end))
  return hash ^ (hash >>> 16)
}

/** Where the path of a name ends: at its last dot, or where it begins. */
function pathEnd(view: DataView, start: number, end: number): number {
  for (let i = end - 1; i >= start; i--) if (view.getUint8(i) === dot) return i
  return start
}

function hashPart(view: DataView, start: number, end: number): number {
  let hash = hashSeed
  let i = start
  for (; i + 4 <= end; i += 4) hash = mixWord(hash, view.getInt32(i, true))
  for (; i < end; i++) hash = mixByte(hash, view.getUint8(i))
  return hash
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
