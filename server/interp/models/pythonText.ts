// Methods that only texts of Python have, of texts that are known whole. Source: Objects/unicodeobject.c of CPython 3.12.

import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, dict, isNumber, isString, list, none, type Value, wholeNumber } from '../values/value'
import type { LibraryModel } from './index'
import { exact, format, lost } from './strings'

/** `strip` and those of one side: blanks, or any of the characters that are given. */
const strip = (atStart: boolean, atEnd: boolean) =>
  exact((text, [chars], c) => {
    const asked = c.get(0)
    const isBlank = !asked || (asked.kind === 'const' && asked.value === null)
    if (!isBlank && chars === undefined) return undefined
    const drops = (char: string | undefined): boolean =>
      char !== undefined && (isBlank ? /\s/.test(char) : (chars ?? '').includes(char))
    const letters = [...text]
    let [from, to] = [0, letters.length]
    while (atStart && from < to && drops(letters[from])) from++
    while (atEnd && to > from && drops(letters[to - 1])) to--
    return constant(letters.slice(from, to).join(''))
  })

/** The text between blanks or other characters, so wide. */
const filled = (before: (blanks: number, width: number) => number) =>
  exact((text, _, c) => {
    const [width, fill] = [c.get(0), c.get(1) ?? constant(' ')]
    if (!width || !isNumber(width) || !isString(fill) || fill.value.length !== 1 || width.value > 1_000)
      return undefined
    const blanks = Math.max(0, width.value - text.length)
    const left = before(blanks, width.value)
    return constant(fill.value.repeat(left) + text + fill.value.repeat(blanks - left))
  })

const tested = (f: (text: string) => boolean) => exact(text => constant(f(text)))

/** Names are made of letters that both languages write alike; of others nothing is said. */
const plain = (f: (text: string) => string) =>
  exact(text => (/^[\x20-\x7e]*$/.test(text) ? constant(f(text)) : undefined))

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()
const swapped = (letter: string): string =>
  letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()

/** `str.maketrans`: what becomes of which letter; None is for those that go. */
function makeTable(c: LibraryCall): Value {
  const [from, to, dropped] = [c.get(0), c.get(1), c.get(2)]
  if (from?.kind === 'dict' && !to)
    return dict(
      [...from.map].map(([key, value]) => [typeof key === 'number' ? String.fromCodePoint(key) : key, value]),
      from.open,
    )
  if (!from || !to || !isString(from) || !isString(to) || (dropped && !isString(dropped))) return dict([], true)
  const others = [...to.value]
  const pairs = [...from.value].map((letter, i): [string, Value] => [letter, constant(others[i] ?? '')])
  const gone = [...(dropped?.value ?? '')].map((letter): [string, Value] => [letter, none])
  return dict([...pairs, ...gone])
}

const splitLines = exact((text, _, c) => {
  if (c.get(0, 'keepends')) return undefined
  const lines = text.split(/\r\n|\r|\n/)
  if (lines.at(-1) === '') lines.pop()
  return list(lines.map(constant))
})

const translate = exact((text, _, c) => {
  const table = c.get(0, 'table')
  if (table?.kind !== 'dict' || table.open || table.views.length > 0) return undefined
  const letters = [...text].map(letter => {
    const by = table.map.get(letter) ?? table.map.get(letter.codePointAt(0) ?? 0)
    if (by === undefined) return letter
    if (by.kind !== 'const') return undefined
    return by.value === null ? '' : typeof by.value === 'number' ? String.fromCodePoint(by.value) : String(by.value)
  })
  return letters.includes(undefined) ? undefined : constant(letters.join(''))
})

/** `format_map(names)`: `format` with the names of a dict. */
function formatMap(c: LibraryCall): Value {
  const names = c.get(0)
  if (names?.kind !== 'dict' || names.views.length > 0) return lost(c)
  const keywords = new Map([...names.map].map(([key, value]) => [String(key), { value }]))
  return format(c.with({ args: { positional: [], keywords, open: names.open } }))
}

export const pythonText: LibraryModel = {
  calls: {
    'str.strip': strip(true, true),
    'str.lstrip': strip(true, false),
    'str.rstrip': strip(false, true),
    'str.ljust': filled(() => 0),
    'str.rjust': filled(blanks => blanks),
    // The odd blank goes to the left where the width is odd.
    'str.center': filled((blanks, width) => Math.floor(blanks / 2) + (blanks & width & 1)),
    'str.casefold': plain(text => text.toLowerCase()),
    'str.capitalize': plain(capitalized),
    'str.title': plain(text => text.replace(/[A-Za-z]+/g, capitalized)),
    'str.swapcase': plain(text => [...text].map(swapped).join('')),
    'str.isalpha': tested(text => /^\p{L}+$/u.test(text)),
    'str.isalnum': tested(text => /^[\p{L}\p{N}]+$/u.test(text)),
    'str.isnumeric': tested(text => /^\p{N}+$/u.test(text)),
    'str.isdecimal': tested(text => /^\p{Nd}+$/u.test(text)),
    'str.isspace': tested(text => /^\s+$/.test(text)),
    'str.isidentifier': tested(text => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text)),
    'str.islower': tested(text => /\p{L}/u.test(text) && text === text.toLowerCase()),
    'str.isupper': tested(text => /\p{L}/u.test(text) && text === text.toUpperCase()),
    'str.splitlines': splitLines,
    'str.translate': translate,
    'str.format_map': formatMap,
    'py.str.maketrans': makeTable,
    'textwrap.dedent': c => {
      const text = c.get(0, 'text')
      return text && isString(text) ? constant(dedented(text.value)) : unknown(c.m, c.name)
    },
    'py.ord': c => {
      const letter = c.get(0)
      const point =
        letter && isString(letter) && [...letter.value].length === 1 ? letter.value.codePointAt(0) : undefined
      return point === undefined ? unknown(c.m, c.name) : wholeNumber(point)
    },
    'py.chr': c => {
      const point = c.get(0)
      return point && isNumber(point) ? constant(String.fromCodePoint(point.value)) : unknown(c.m, c.name)
    },
  },
}

/** Lines without the blanks that all of them begin with; lines of nothing but blanks are empty. */
function dedented(text: string): string {
  const lines = text.split('\n').map(line => (/^[ \t]*$/.test(line) ? '' : line))
  const margins = lines.filter(Boolean).map(line => /^[ \t]*/.exec(line)?.[0] ?? '')
  const shared = margins.reduce((a, b) => {
    let same = 0
    while (same < a.length && a[same] === b[same]) same++
    return a.slice(0, same)
  }, margins[0] ?? '')
  return lines.map(line => line.slice(line === '' ? 0 : shared.length)).join('\n')
}
