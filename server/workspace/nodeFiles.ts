// Files of this machine as byte sources, and their stamps. A handle is open only while ranges of it are being read, so
// that a checkpoint of hundreds of shards holds none, and a sharding script can replace its files on every system.

import {
  closeSync,
  type Dirent,
  fstat,
  fstatSync,
  open,
  openSync,
  read,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
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

/** How files are looked at. Links are followed; what cannot be looked at is undefined. */
export interface Files {
  stat(path: string): Promise<Stats | undefined>
  realPath(path: string): Promise<string | undefined>
  list(folder: string): Promise<readonly Dirent[] | undefined>
  /** All of a file; rejects where it cannot be read. */
  read(path: string): Promise<Buffer>
  /** See withFileSource. */
  withSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T>
}

const nothing = () => undefined

/** In the background, as a server must, which has other work. */
export const patientFiles: Files = {
  stat: path => stat(path).catch(nothing),
  realPath: path => realpath(path).catch(nothing),
  list: folder => readdir(folder, { withFileTypes: true }).catch(nothing),
  read: path => readFile(path),
  withSource: withFileSource,
}

/** At once, as a command line may, which has none: of hundreds of small reads the waiting is the most expensive part. */
export const promptFiles: Files = {
  stat: path => attempt(() => statSync(path, { throwIfNoEntry: false })),
  realPath: path => attempt(() => realpathSync.native(path)),
  list: folder => attempt(() => readdirSync(folder, { withFileTypes: true })),
  read: async path => readFileSync(path),
  withSource: async (path, use) => {
    const handle = openSync(path, 'r')
    try {
      const stats = fstatSync(handle)
      if (!stats.isFile()) throw notRegular(path)
      const read: ByteSource['read'] = (offset, length) =>
        readWhole(length, (bytes, done) => readSync(handle, bytes, done, length - done, offset + done))
      return await use({ sizeBytes: stats.size, read, lend: lender(handle) })
    } finally {
      closeSync(handle)
    }
  },
}

/** More than this is not kept for the next file. */
const KEPT_BYTES = 4 * 1024 * 1024
let lent = new Uint8Array(0)

/** Reads all files into the same bytes: memory that is touched for the first time takes longer than what is done with it. */
function lender(handle: number): (offset: number, length: number) => Uint8Array {
  return (offset, length) => {
    checkLength(length)
    let room = lent
    if (length > room.length) room = new Uint8Array(2 ** Math.ceil(Math.log2(length)))
    if (room.length <= KEPT_BYTES) lent = room
    let done = 0
    while (done < length) {
      const count = readSync(handle, room, done, length - done, offset + done)
      if (count === 0) break
      done += count
    }
    return room.subarray(0, done)
  }
}

async function attempt<T>(look: () => T): Promise<T | undefined> {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** The stamp of a regular file (links followed); undefined where there is none. */
export async function fileStamp(path: string, files: Files = patientFiles): Promise<FileStamp | undefined> {
  return stampOf(await files.stat(path))
}

/** The stamp of a regular file; a pipe or a device named x.safetensors would hang the reader that opens it. */
export const stampOf = (stats: Stats | undefined): FileStamp | undefined =>
  stats?.isFile() ? { sizeBytes: stats.size, mtimeMs: stats.mtimeMs, inode: stats.ino } : undefined

export const sameStamp = (a: FileStamp, b: FileStamp) =>
  a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs && a.inode === b.inode

/**
 * Gives `use` a source over the file and closes the file when `use` is done. The size is taken from the open handle,
 * so that it belongs to the bytes that are read. Rejects where the file cannot be opened or read.
 */
export async function withFileSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  // Numbers, not the handles of node:fs/promises, which cost half as much again.
  const handle = await opened(path, 'r')
  try {
    const stats = await statsOf(handle)
    if (!stats.isFile()) throw notRegular(path)
    const read: ByteSource['read'] = (offset, length) =>
      readWhole(length, async (bytes, done) => {
        const { bytesRead } = await readInto(handle, bytes, done, length - done, offset + done)
        return bytesRead
      })
    return await use({ sizeBytes: stats.size, read })
  } finally {
    closeSync(handle)
  }
}

const [opened, statsOf, readInto] = [promisify(open), promisify(fstat), promisify(read)]

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

/** Bytes read piece by piece: `readMore` fills them behind what is done and says how many it read, 0 at the end. */
async function readWhole(
  length: number,
  readMore: (bytes: Uint8Array, done: number) => number | Promise<number>,
): Promise<Uint8Array> {
  checkLength(length)
  const bytes: Uint8Array = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const count = await readMore(bytes, done)
    if (count === 0) break
    done += count
  }
  return done === length ? bytes : bytes.subarray(0, done)
}

function checkLength(length: number): void {
  if (length > MAX_READ_BYTES) throw new Error(`a read of ${length} bytes is larger than ${MAX_READ_BYTES}`)
}
