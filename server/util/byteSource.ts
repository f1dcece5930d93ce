// The seam to files: anything that knows its size and gives a range of bytes.
// Node files, test arrays and remote ranges all look like this, so the readers never learn where bytes come from.

export interface ByteSource {
  readonly sizeBytes: number
  /** Bytes from `offset`; shorter than `length` only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** The same at once, of a source that can: the bytes are good until anybody asks again, and never to be kept. */
  lend?(offset: number, length: number): Uint8Array
}

/** A source over bytes that are in memory already. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, Math.min(bytes.length, offset + length)),
  }
}
