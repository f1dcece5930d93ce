// What became of a text: the places where it was replaced, one after another, told as one list. Offsets of the text as it
// was lead to the text as it is, and back.

/** `length` characters stand where those from `start` to `end` stood. */
export interface Replacement {
  readonly start: number
  readonly end: number
  readonly length: number
}

/** The one place where two texts differ; both may have it anywhere among characters that repeat. */
export function replacementBetween(old: string, text: string): Replacement {
  const shorter = Math.min(old.length, text.length)
  let start = 0
  while (start < shorter && old.charCodeAt(start) === text.charCodeAt(start)) start++
  let same = 0
  while (same < shorter - start && old.charCodeAt(old.length - 1 - same) === text.charCodeAt(text.length - 1 - same))
    same++
  return { start, end: old.length - same, length: text.length - same - start }
}

/** Immutable. Offsets called *old* are in the first text, *new* ones in the last. */
export class TextEdits {
  static readonly none = new TextEdits([])

  /** By their old offsets, none touching another. */
  private constructor(private readonly list: readonly Replacement[]) {}

  get count(): number {
    return this.list.length
  }

  /** These edits and then one more, whose start and end are new offsets. */
  then({ start, end, length }: Replacement): TextEdits {
    const before: Replacement[] = []
    const after: Replacement[] = []
    let [newStart, newEnd] = [start, end]
    let [shiftBefore, shiftAfter] = [0, 0]
    for (const one of this.list) {
      const at = one.start + shiftAfter
      const shift = one.length - (one.end - one.start)
      if (at + one.length < start) {
        before.push(one)
        shiftBefore += shift
      } else if (at > end) {
        after.push(one)
        continue
      } else {
        newStart = Math.min(newStart, at)
        newEnd = Math.max(newEnd, at + one.length)
      }
      shiftAfter += shift
    }
    const whole = {
      start: newStart - shiftBefore,
      end: newEnd - shiftAfter,
      length: newEnd - newStart - (end - start) + length,
    }
    return new TextEdits([...before, whole, ...after])
  }

  /** Where a range that began here begins: behind what was put in before it. */
  newStart(old: number): number {
    let shift = 0
    for (const { start, end, length } of this.list) {
      if (old < start) break
      if (old < end) return start + shift
      shift += length - (end - start)
    }
    return old + shift
  }

  /** Where a range that ended here ends: before what was put in behind it. */
  newEnd(old: number): number {
    let shift = 0
    for (const { start, end, length } of this.list) {
      if (old <= start) break
      if (old < end) return start + shift + length
      shift += length - (end - start)
    }
    return old + shift
  }

  /** Where a new offset was; what was put in is where it was put. */
  old(offset: number): number {
    let shift = 0
    for (const { start, end, length } of this.list) {
      if (offset < start + shift) break
      if (offset < start + shift + length) return start
      shift += length - (end - start)
    }
    return offset - shift
  }

  /** Whether anything between two old offsets is other than it was. */
  touches(from: number, to: number): boolean {
    return this.list.some(({ start, end }) => start < to && end > from)
  }

  /** Whether anything between two new offsets was put in, or taken out there. */
  putsIn(from: number, to: number): boolean {
    let shift = 0
    for (const { start, end, length } of this.list) {
      if (start + shift < to && start + shift + length > from) return true
      shift += length - (end - start)
    }
    return false
  }
}
