// Finds a row by its name without making a string of any name: in the scanner's open-addressing table over hashes of the
// names' UTF-8 bytes (server/scan/rows.ts). Where a file is made to collide, a Map of strings takes over.

import type { HeaderColumns } from './headerColumns'
import { hashSpan, viewOf } from './nameHash'

const encoder = new TextEncoder()

interface Encoded {
  readonly view: DataView
  readonly hash: number
}
let room = new Uint8Array(1024)
let lastName: string | undefined
let lastEncoded: Encoded = { view: viewOf(new Uint8Array(0)), hash: 0 }

/** A name's bytes and hash; the last one is kept, since a name is asked of one shard after another. */
function encoded(name: string): Encoded {
  if (name !== lastName) {
    // Three bytes are the most that a UTF-16 unit takes.
    if (name.length * 3 > room.length) room = new Uint8Array(name.length * 6)
    const { written } = encoder.encodeInto(name, room)
    const view = new DataView(room.buffer, 0, written)
    lastEncoded = { view, hash: hashSpan(view, 0, written) }
    lastName = name
  }
  return lastEncoded
}

export class NameIndex {
  /** Rows whose name comes again later: the later row is the one that is found. */
  readonly superseded: Set<number>
  private byText: Map<string, number> | undefined

  constructor(
    private readonly columns: HeaderColumns,
    /** Row + 1 by the hash of its name, or 0 for a free slot; undefined where the names were made to collide. */
    private readonly slots: Int32Array | undefined,
    superseded: Iterable<number>,
  ) {
    this.superseded = new Set(superseded)
    if (!slots) this.fallBack()
  }

  /** The last row of that name, or -1. */
  find(name: string): number {
    if (this.byText) return this.byText.get(name) ?? -1
    const { view, hash } = encoded(name)
    return this.findIn(view, 0, view.byteLength, hash)
  }

  /** The last row whose name is a span of bytes of a longer text, with the hash of that span; or -1. */
  findIn(view: DataView, start: number, end: number, hash: number): number {
    const { slots } = this
    if (!slots) return this.find(Buffer.from(view.buffer, view.byteOffset + start, end - start).toString())
    const mask = slots.length - 1
    let slot = hash & mask
    for (;;) {
      const row = (slots[slot] ?? 0) - 1
      if (row < 0 || this.same(row, view, start, end)) return row
      slot = (slot + 1) & mask
    }
  }

  private same(row: number, other: DataView, start: number, end: number): boolean {
    const { view, nameStart, nameEnd } = this.columns
    const own = nameEnd[row] ?? 0
    if (own - (nameStart[row] ?? 0) !== end - start) return false
    // From behind, four bytes at a time: names of one model begin alike.
    const shift = own - end
    let i = end
    for (; i - 4 >= start; i -= 4) if (view.getInt32(i - 4 + shift) !== other.getInt32(i - 4)) return false
    while (i > start) if (view.getUint8(--i + shift) !== other.getUint8(i)) return false
    return true
  }

  private fallBack(): void {
    const { names, nameStart, nameEnd, count } = this.columns
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const byText = new Map<string, number>()
    for (let row = 0; row < count; row++) {
      const name = decoder.decode(names.subarray(nameStart[row], nameEnd[row]))
      const earlier = byText.get(name)
      if (earlier !== undefined) this.superseded.add(earlier)
      byText.set(name, row)
    }
    this.byText = byText
  }
}
