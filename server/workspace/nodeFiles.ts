// Files of this machine as byte sources, and their stamps. A handle is open only while ranges of it are being read, so
// that a checkpoint of hundreds of shards holds none, and a sharding script can replace its files on every system.

import { open, stat, type FileHandle } from 'node:fs/promises'
import type { ByteSource } from '../util/byteSource'

/** What tells one state of a file from another without reading it. */
export interface FileStamp {
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** Changes where a file is replaced by another of the same size and time. */
  readonly inode: number
}

export interface FoundFile extends FileStamp {
  readonly path: string
}

/** One read gives at most this much: a header may be 100 MB, and nothing else is ever read here. */
const MAX_READ_BYTES = 256 * 1024 * 1024

/** The stamp of a regular file (links followed); undefined where there is none. */
export async function fileStamp(path: string): Promise<FileStamp | undefined> {
  try {
    const stats = await stat(path)
    // A pipe or a device named x.safetensors would hang the reader that opens it.
    return stats.isFile() ? { sizeBytes: stats.size, mtimeMs: stats.mtimeMs, inode: stats.ino } : undefined
  } catch {
    return undefined
  }
}

export const sameStamp = (a: FileStamp, b: FileStamp) =>
  a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs && a.inode === b.inode

/**
 * Gives `use` a source over the file and closes the file when `use` is done. The size is taken from the open handle,
 * so that it belongs to the bytes that are read. Rejects where the file cannot be opened or read.
 */
export async function withFileSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r')
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw notRegular(path)
    return await use({ sizeBytes: stats.size, read: (offset, length) => readRange(handle, offset, length) })
  } finally {
    await handle.close()
  }
}

/** A source that says why nothing can be read; readers turn that into a problem of the file. */
export function unreadableSource(error: unknown): ByteSource {
  return { sizeBytes: 0, read: () => Promise.reject(error instanceof Error ? error : new Error(String(error))) }
}

/** A source that opens the file for each read and closes it again. Rejects where there is no regular file. */
export async function fileSource(path: string): Promise<ByteSource> {
  const stats = await stat(path)
  if (!stats.isFile()) throw notRegular(path)
  return {
    sizeBytes: stats.size,
    read: (offset, length) => withFileSource(path, source => source.read(offset, length)),
  }
}

/** With a code, like the errors of the file system itself: trouble with the world, not with us. */
const notRegular = (path: string) => Object.assign(new Error(`${path} is not a regular file`), { code: 'EINVAL' })

async function readRange(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  if (length > MAX_READ_BYTES) throw new Error(`a read of ${length} bytes is larger than ${MAX_READ_BYTES}`)
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done === length ? bytes : bytes.subarray(0, done)
}
