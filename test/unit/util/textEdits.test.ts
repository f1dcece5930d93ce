// Offsets follow a text through its edits: what was not touched is found where it is now, and the way back.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replacementBetween, TextEdits } from '../../../server/util/textEdits'

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.integer({ min: 0, max: 6 }),
  length: fc.integer({ min: 0, max: 4 }),
})

test('characters that nobody touched are followed forth and back', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), made => {
      // Each character is a number of its own; what is put in is negative.
      const old = Array.from({ length: 30 }, (_, i) => i)
      let now = [...old]
      let edits = TextEdits.none
      let fresh = 0
      for (const { at, remove, length } of made) {
        const start = Math.floor(at * now.length)
        const end = Math.min(now.length, start + remove)
        edits = edits.then({ start, end, length })
        const put = Array.from({ length }, () => --fresh)
        now = [...now.slice(0, start), ...put, ...now.slice(end)]
      }
      for (const [offset, character] of old.entries()) {
        const isTouched = edits.touches(offset, offset + 1)
        if (!isTouched) {
          expect(now.slice(edits.newStart(offset), edits.newEnd(offset + 1))).toEqual([character])
          expect(edits.old(edits.newStart(offset))).toBe(offset)
        } else expect(edits.newStart(offset)).toBeLessThanOrEqual(now.length)
      }
      // What was put back is still another text: whatever is not found now has been touched.
      for (const character of old)
        if (!now.includes(character)) expect(edits.touches(character, character + 1)).toBe(true)
      expect(edits.newEnd(old.length)).toBeLessThanOrEqual(now.length)
      expect(edits.newStart(old.length)).toBe(now.length)
    }),
    { numRuns: 500, seed: 7 },
  )
})

describe('a range', () => {
  const text = 'abcdef'
  const edits = TextEdits.none.then({ start: 2, end: 2, length: 3 })
  test('leaves out what is put in at its ends', () => {
    // ab|...|cdef: neither `ab` nor `cdef` grows.
    expect([edits.newStart(0), edits.newEnd(2)]).toEqual([0, 2])
    expect([edits.newStart(2), edits.newEnd(6)]).toEqual([5, 9])
  })
  test('takes in what is put into its midst, and is touched by it', () => {
    expect([edits.newStart(1), edits.newEnd(3)]).toEqual([1, 6])
    expect([edits.touches(1, 3), edits.touches(0, 2), edits.touches(2, text.length)]).toEqual([true, false, false])
  })
  test('an edit that is taken back leaves a place that was touched, and no length', () => {
    const back = edits.then({ start: 2, end: 5, length: 0 })
    expect([back.newStart(4), back.newEnd(4), back.count]).toEqual([4, 4, 1])
  })
})

test.each([
  ['abc', 'abc', [3, 3, 0]],
  ['abc', 'abXc', [2, 2, 1]],
  ['abc', 'ac', [1, 2, 0]],
  ['aaa', 'aaaa', [3, 3, 1]],
  ['', 'x', [0, 0, 1]],
])('%j and %j differ in one place', (old, text, [start, end, length]) => {
  expect(replacementBetween(old, text)).toEqual({ start, end, length })
})
