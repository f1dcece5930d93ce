// One safetensors file, from a source of bytes to facts: u64 little-endian header length, JSON header, tensor data.
// Two reads of known size, whatever the file holds, and none of its tensor data. Broken files are facts with problems.
// Source: huggingface/safetensors README and tensor.rs (0.8).

import type { ByteSource } from '../util/byteSource'
import { checkAlignment } from './alignment'
import { bytes, tensors } from './coverage'
import type { Shard } from './facts'
import { HeaderRows, rowsWithout } from './headerRows'
import { type LostEntry, scanHeader } from './headerScanner'
import { maxHeaderBytes } from './limits'
import type { NameIndex } from './nameIndex'
import { recogniseForeign, sniffBytes } from './notSafetensors'
import { both, mlxOnly, nobody, ProblemList } from './problemList'
import { tensorTable } from './tensorTable'
import { validateHeader } from './validateHeader'
import { readMetadata } from './validateMetadata'

const lengthBytes = 8

/** Reads the header of the file at `path`. A source that fails gives the problem `unreadable`, never a rejection. */
export async function readShard(path: string, source: ByteSource): Promise<Shard> {
  const { sizeBytes } = source
  const isLent = source.lend !== undefined
  let beginning: Beginning
  try {
    const head = Math.min(lengthBytes, sizeBytes)
    const first = source.lend ? source.lend(0, head).slice() : await source.read(0, head)
    const headerLength = first.length < lengthBytes ? 0 : lengthOf(first)
    const room = Math.max(0, sizeBytes - lengthBytes)
    const wanted = Math.min(room, headerLength > 0 && headerLength <= maxHeaderBytes ? headerLength : sniffBytes)
    // What is lent is used before anybody else has a turn.
    const second = source.lend ? source.lend(lengthBytes, wanted) : await readSome(source, wanted)
    if (first.length < head || second.length < wanted)
      return unreadable(path, sizeBytes, `the file of ${bytes(sizeBytes)} ended while it was read`)
    beginning = { first, headerLength, second, isLent }
  } catch (error) {
    const reason = `the file cannot be read: ${error instanceof Error ? error.message : String(error)}`
    return unreadable(path, sizeBytes, reason)
  }
  return shardOf(path, sizeBytes, beginning)
}

interface Beginning {
  /** The first 8 bytes, or all of a shorter file. */
  readonly first: Uint8Array
  /** As the first 8 bytes give it; 0 for a shorter file. */
  readonly headerLength: number
  /** The header; where there is none to be had, what stands in its place. */
  readonly second: Uint8Array
  /** `second` is not to be kept. */
  readonly isLent: boolean
}

const readSome = (source: ByteSource, wanted: number): Promise<Uint8Array> | Uint8Array =>
  wanted > 0 ? source.read(lengthBytes, wanted) : new Uint8Array(0)

const unreadable = (path: string, sizeBytes: number, reason: string): Shard =>
  withoutTensors(path, sizeBytes, problems => problems.add('unreadable', both, reason))

function lengthOf(first: Uint8Array): number {
  const view = new DataView(first.buffer, first.byteOffset, lengthBytes)
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
}

function shardOf(path: string, sizeBytes: number, beginning: Beginning): Shard {
  const { first, headerLength, second } = beginning
  const isWhole = headerLength > 0 && headerLength <= maxHeaderBytes && lengthBytes + headerLength <= sizeBytes
  if (isWhole) return readHeader(path, sizeBytes, beginning)
  const head = Buffer.concat([first, second.subarray(0, sniffBytes)])
  const foreign = recogniseForeign(head, sizeBytes)
  if (foreign) return withoutTensors(path, sizeBytes, problems => problems.add(foreign.kind, both, foreign.message))
  if (sizeBytes < lengthBytes) {
    const message = `the file is ${bytes(sizeBytes)} long, expected 8 bytes of header length to begin with`
    return withoutTensors(path, sizeBytes, problems => problems.add('too-small', both, message))
  }
  if (headerLength > maxHeaderBytes) {
    const message = `the first 8 bytes give a header of ${bytes(headerLength)}, at most ${bytes(maxHeaderBytes)} are allowed; this is not a safetensors file, or its beginning is damaged`
    return withoutTensors(path, sizeBytes, problems => problems.add('header-too-large', both, message))
  }
  if (headerLength === 0) {
    const message = 'the first 8 bytes give a header of 0 bytes, expected at least the 2 of "{}"'
    return withoutTensors(path, sizeBytes, problems => problems.add('header-not-json', both, message))
  }
  return cutHeader(path, sizeBytes, headerLength, second)
}

function readHeader(path: string, sizeBytes: number, { headerLength, second, isLent }: Beginning): Shard {
  const problems = new ProblemList()
  if (headerLength === maxHeaderBytes) {
    problems.add(
      'header-too-large',
      mlxOnly,
      `the header is ${bytes(headerLength)} long, MLX wants it shorter than that`,
    )
  }
  const scanned = scanHeader(second, isLent)
  const dataStart = lengthBytes + headerLength
  let { columns, index } = scanned
  let table = tensorTable(columns, index, dataStart)
  const nameAt = (row: number): string => table.nameAt(row)
  const shadowed = shadowLost(scanned.lost, index)
  const superseded = [...[...index.superseded].map(nameAt), ...[...shadowed].map(entry => entry.name)]
  if (index.superseded.size > 0) {
    ;({ columns, index } = rowsWithout(columns, index.superseded))
    table = tensorTable(columns, index, dataStart)
  }
  const dataLength = sizeBytes - dataStart
  validateHeader({ scanned, columns, superseded, shadowed, nameAt, dataLength }, problems)
  const metadata = readMetadata(scanned.metadata, scanned.json.deepest, problems)
  checkAlignment(columns, nameAt, dataStart, metadata.get('format'), problems)
  if (columns.count === 0 && problems.isEmpty) problems.add('no-tensors', nobody, 'the header names no tensor')
  return { path, sizeBytes, tensors: table, dataBytes: columns.spanBytes, metadata, problems: problems.problems() }
}

/** Sets entries without a tensor against the others: a later one replaces a row, an earlier one is given back. */
function shadowLost(lost: readonly LostEntry[], index: NameIndex): Set<LostEntry> {
  const shadowed = new Set<LostEntry>()
  const later = new Map<string, LostEntry>()
  for (const entry of lost) {
    const earlier = later.get(entry.name)
    if (earlier) shadowed.add(earlier)
    later.set(entry.name, entry)
    const row = index.find(entry.name)
    if (row >= entry.row) shadowed.add(entry)
    else if (row >= 0) index.superseded.add(row)
  }
  return shadowed
}

/** The file ends inside its header: no tensor can be had, but those that are named before the cut can be told. */
function cutHeader(path: string, sizeBytes: number, headerLength: number, header: Uint8Array): Shard {
  const scanned = scanHeader(header)
  const { columns } = scanned
  const { count } = columns
  const lost = Array.from({ length: count }, (_, row) => columns.nameAt(row))
  const named = count > 0 ? `; ${tensors(count)} named before it ends` : ''
  const message = `the header is ${bytes(headerLength)} long by its first 8 bytes, but the file of ${bytes(sizeBytes)} ends ${bytes(lengthBytes + headerLength - sizeBytes)} before that${named}`
  return withoutTensors(path, sizeBytes, problems => problems.add('header-past-end', both, message, lost))
}

function withoutTensors(path: string, sizeBytes: number, say: (problems: ProblemList) => void): Shard {
  const { columns, index } = new HeaderRows(new Uint8Array(0)).finish(true)
  const problems = new ProblemList()
  say(problems)
  return {
    path,
    sizeBytes,
    tensors: tensorTable(columns, index, 0),
    dataBytes: 0,
    metadata: new Map(),
    problems: problems.problems(),
  }
}
