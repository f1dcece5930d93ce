// Bytes that no writer of safetensors would write, one piece a line, for cases about damaged and foreign files:
// `text …` (to the end of the line, and a newline), `hex 00 05 16`, `u64 24` (little-endian), `zeros 40`, and
// `header {…}` (the JSON with its length before it). `unreadable REASON` is a file that cannot be opened.

import { type ByteSource, bytesSource } from '../../server/util/byteSource'

/** The file that the lines of a block describe. */
export function rawSource(lines: readonly string[]): ByteSource {
  const reason = lines.map(line => /^unreadable (.*)$/.exec(line)?.[1]).find(found => found !== undefined)
  if (reason !== undefined) return { sizeBytes: 100, read: () => Promise.reject(new Error(reason)) }
  return bytesSource(Buffer.concat(lines.filter(line => line.trim() !== '').map(pieceOf)))
}

function pieceOf(line: string): Buffer {
  const [, word = '', rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? []
  switch (word) {
    case 'text':
      return Buffer.from(`${rest}\n`)
    case 'hex':
      return Buffer.from(rest.replace(/\s/g, ''), 'hex')
    case 'u64':
      return u64(BigInt(rest))
    case 'zeros':
      return Buffer.alloc(Number(rest))
    case 'header':
      return Buffer.concat([u64(BigInt(Buffer.byteLength(rest))), Buffer.from(rest)])
    default:
      throw new Error(`not a piece of a file: ${line}`)
  }
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
