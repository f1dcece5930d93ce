// The scanner of server/scan as it is called from here: its module compiled once, and instances of it, each with a memory of
// its own, in which one text at a time is read.

import { dtypeBits, dtypes } from './dtype'
import { scannerModule } from './scannerModule'

/** A number that the scanner exports; it stands until the next call. */
interface Value {
  readonly value: number
}

/** What server/scan/index.ts exports; its files say what each means. Addresses are bytes of `memory`. */
export interface Scanner {
  readonly memory: { readonly buffer: ArrayBuffer }
  addDtype(name: bigint, bits: bigint): void
  openHeader(length: number, mostTensors: number, rows: number): number
  headerEntries(from: number): number
  readonly at: Value
  readonly nonAscii: Value
  decodedName(offset: number): number
  clearDims(): void
  addDim(dim: number): number
  addOddRow(name: number, nameEnd: number, dtype: number, begin: number, end: number, lowBits: number): void
  indexNames(): number
  readonly superseded: Value
  readonly slots: Value
  readonly slotCount: Value
  readonly count: Value
  packRows(withNames: number): void
  readonly packed: Value
  readonly packedBytes: Value
  readonly packedNames: Value
  readonly nameSum: Value
  readonly mixedSum: Value
  readonly inOrder: Value
  readonly lastEnd: Value
  readonly beginBits: Value
  readonly spanBytes: Value
  readonly firstFamily: Value
  openIndex(window: number): number
  moveWindow(start: number, length: number): void
  indexEntries(from: number): number
  readonly stoppedAt: Value
  addOddEntry(name: number, nameEnd: number, start: number, end: number): void
  readonly entryCount: Value
  readonly spans: Value
  readonly entryHashes: Value
  readonly fileNumbers: Value
  readonly firstFile: Value
  openHashes(length: number): number
  findRepeats(): number
  readonly repeats: Value
}

/** An instance keeps the memory that its longest text took, so one that is used again takes no longer text than this. */
const keptBytes = 1 << 22

declare global {
  /** What Node has and its types for version 20 leave out. */
  var WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => WebAssembly.Module
    readonly Instance: new (module: WebAssembly.Module) => { readonly exports: unknown }
  }
}

let module: WebAssembly.Module | undefined
let kept: Scanner | undefined

/** An instance for a text of so many bytes, for one use: what it holds is to be copied before the next is asked for. */
export function scannerFor(bytes: number): Scanner {
  return bytes > keptBytes ? instance() : (kept ??= instance())
}

function instance(): Scanner {
  module ??= new WebAssembly.Module(Buffer.from(scannerModule, 'base64'))
  const scanner = new WebAssembly.Instance(module).exports as Scanner
  for (const dtype of dtypes)
    scanner.addDtype(Buffer.from(dtype.padEnd(8, '\0')).readBigUInt64LE(), BigInt(dtypeBits[dtype]))
  return scanner
}

type Column = Uint32Array | Int32Array | Float64Array

/** A copy of so many numbers that the scanner holds at an address. */
export function copied<T extends Column>(
  make: new (buffer: ArrayBuffer, at: number, count: number) => T,
  { memory }: Scanner,
  { value }: Value,
  count: number,
): T {
  return new make(memory.buffer, value, count).slice() as T
}
