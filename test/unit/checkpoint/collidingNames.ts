// Names that are made to collide, by running the hash of server/checkpoint/nameHash.ts backwards.

import { hashSeed } from '../../../server/checkpoint/nameHash'

/** Of the hash, and its inverse modulo 2^32. */
const multiplier = 0x9e3779b1
export const inverse = [1, 2, 3, 4, 5].reduce(known => Math.imul(known, 2 - Math.imul(multiplier, known)), multiplier)

/**
 * Different names of eight characters with the hashes that are wanted of their bytes, mostly one for all: the second half is
 * worked out from the first.
 */
export function collidingNames(count: number, wanted: (number: number) => number = () => 12345): string[] {
  // Without a dot, so that all of a name is one part.
  const plain = (four: number): boolean =>
    [24, 16, 8, 0].every(by => {
      const code = (four >>> by) & 255
      return code >= 0x23 && code < 0x5c && code !== 0x2e
    })
  const names: string[] = []
  for (let i = 0; names.length < count; i++) {
    const first = [56 ** 3, 56 ** 2, 56, 1].reduce(
      (word, place) => (word << 8) | (0x23 + (Math.floor(i / place) % 56)),
      0,
    )
    if (i >= 56 ** 4) break
    const middle = Math.imul(hashSeed ^ first, multiplier) ^ (hashSeed >>> 15)
    const second = middle ^ Math.imul(inverse, wanted(names.length) ^ (middle >>> 15))
    if (!plain(first) || !plain(second)) continue
    const bytes = Buffer.alloc(8)
    bytes.writeInt32LE(first, 0)
    bytes.writeInt32LE(second, 4)
    names.push(bytes.toString('latin1'))
  }
  return names
}
