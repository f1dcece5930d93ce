// Texts of JavaScript: the methods that Python's strings have not, and replacing with a function of the program.
// Specification: ECMA-262, 2024.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { escapeRegExp, partsOf, textOf, type Part } from '../values/text'
import { constant, isNumber, isString, list, none, type Value } from '../values/value'
import { expressionOf, matched } from './regex'
import type { LibraryModel } from './index'

const lost = (c: LibraryCall): Value => unknown(c.m, `${c.name} of a text that is not known`)
const text = (v: Value | undefined): string | undefined => (v && isString(v) ? v.value : undefined)
/** A position, `undefined` where it is left out, null where it is not known. */
const bound = (v: Value | undefined): number | undefined | null =>
  v === undefined || (v.kind === 'const' && v.value === null) ? undefined : isNumber(v) ? v.value : null

/** More replacements than this in one text are not followed. */
const longestMatchList = 1_000

/** `slice`, `substring` and `substr`, across holes where the cut lies in the literal text before or after them. */
function cut(c: LibraryCall): Value {
  const [from, to] = [bound(c.get(0)), bound(c.get(1))]
  if (from === null || to === null || !c.self) return lost(c)
  if (isString(c.self)) {
    const { value } = c.self
    if (c.name === 'str.slice') return constant(value.slice(from, to))
    if (c.name === 'str.substring') return constant(value.substring(from ?? 0, to))
    const start = from !== undefined && from < 0 ? Math.max(0, value.length + from) : (from ?? 0)
    return constant(value.slice(start, to === undefined ? undefined : start + to))
  }
  if (c.self.kind !== 'template' || c.name === 'str.substr') return lost(c)
  const parts = [...c.self.parts]
  const [first, last] = [parts[0], parts[parts.length - 1]]
  const start = from ?? 0
  if (start < 0 || (to !== undefined && (to >= 0 || c.name === 'str.substring'))) return lost(c)
  if (start > 0) {
    if (typeof first !== 'string' || first.length < start) return lost(c)
    parts[0] = first.slice(start)
  }
  if (to !== undefined) {
    if (typeof last !== 'string' || parts.length < 2 || last.length < -to) return lost(c)
    parts[parts.length - 1] = last.slice(0, to)
  }
  return textOf(parts)
}

/** The match of an expression as the arguments of a function that gives what it is replaced by. */
function replaceByFunction(c: LibraryCall, self: string, pattern: RegExp | string, by: Value): Value {
  const out: Part[] = []
  let at = 0
  const matches =
    typeof pattern === 'string'
      ? literalMatches(self, pattern, c.name === 'str.replaceAll')
      : [...self.matchAll(new RegExp(pattern.source, withFlag(pattern.flags, 'g')))].slice(
          0,
          pattern.global ? undefined : 1,
        )
  if (matches.length > longestMatchList) return lost(c)
  for (const match of matches) {
    const index = match.index
    const groups = match.map(group => (group === undefined ? none : constant(group)))
    const named = match.groups && matched(match).properties?.get('groups')
    const result = callFunction(c.m, by, [...groups, constant(index), constant(self), ...(named ? [named] : [])], c)
    const parts = partsOf(result)
    if (!parts || result.kind === 'unknown') return lost(c)
    out.push(self.slice(at, index), ...parts)
    at = index + match[0].length
  }
  return textOf([...out, self.slice(at)])
}

/** What `matchAll` would give for a text instead of an expression. */
function literalMatches(self: string, pattern: string, all: boolean): RegExpExecArray[] {
  const expression = new RegExp(escapeRegExp(pattern), 'g')
  return [...self.matchAll(expression)].slice(0, all ? undefined : 1)
}

const withFlag = (flags: string, flag: string): string => (flags.includes(flag) ? flags : flags + flag)

/** `replace` and `replaceAll` with a function, undefined where the second argument is none. */
export function replaceWithFunction(c: LibraryCall): Value | undefined {
  const by = c.get(1)
  if (by?.kind !== 'function') return undefined
  const self = text(c.self)
  const pattern = expressionOf(c.get(0)) ?? text(c.get(0))
  return self === undefined || pattern === undefined ? lost(c) : replaceByFunction(c, self, pattern, by)
}

/** `split` by an expression. */
export function splitByExpression(c: LibraryCall): Value | undefined {
  const expression = expressionOf(c.get(0))
  const self = text(c.self)
  if (!expression) return undefined
  const limit = bound(c.get(1))
  if (self === undefined || limit === null) return list([], 'list', true)
  return list(
    self.split(expression, limit).map(part => ((part as string | undefined) === undefined ? none : constant(part))),
  )
}

function matchAll(c: LibraryCall): Value {
  const [self, expression] = [text(c.self), expressionOf(c.get(0))]
  if (self === undefined || !expression) return list([], 'list', true)
  const found = [...self.matchAll(new RegExp(expression.source, withFlag(expression.flags, 'g')))]
  return found.length > longestMatchList ? list([], 'list', true) : list(found.map(matched))
}

const pad =
  (side: 'padStart' | 'padEnd') =>
  (c: LibraryCall): Value => {
    const [self, width, filler] = [text(c.self), bound(c.get(0)), c.get(1)]
    const by = filler ? text(filler) : ' '
    return self === undefined || typeof width !== 'number' || by === undefined || width > 1_000
      ? lost(c)
      : constant(self[side](width, by))
  }

/** A function of a known text and its known arguments. */
const exact =
  (f: (self: string, args: readonly (string | number | null | undefined)[]) => Value | undefined) =>
  (c: LibraryCall): Value => {
    const self = text(c.self)
    const args = c.args.positional.map(({ value }) => (isNumber(value) || isString(value) ? value.value : null))
    return (self === undefined || args.includes(null) ? undefined : f(self, args)) ?? lost(c)
  }

const number = (v: string | number | null | undefined, otherwise: number): number =>
  typeof v === 'number' ? v : otherwise

export const scriptText: LibraryModel = {
  calls: {
    'str.slice': cut,
    'str.substring': cut,
    'str.substr': cut,
    'str.matchAll': matchAll,
    'str.padStart': pad('padStart'),
    'str.padEnd': pad('padEnd'),
    'str.trimStart': exact(s => constant(s.trimStart())),
    'str.trimEnd': exact(s => constant(s.trimEnd())),
    'str.trimLeft': exact(s => constant(s.trimStart())),
    'str.trimRight': exact(s => constant(s.trimEnd())),
    'str.at': exact((s, [index]) =>
      s.at(number(index, 0)) === undefined ? none : constant(s.at(number(index, 0)) ?? ''),
    ),
    'str.charAt': exact((s, [index]) => constant(s.charAt(number(index, 0)))),
    'str.charCodeAt': exact((s, [index]) => constant(s.charCodeAt(number(index, 0)))),
    'str.repeat': exact((s, [count]) =>
      typeof count === 'number' && count >= 0 && count * s.length < 10_000 ? constant(s.repeat(count)) : undefined,
    ),
    'str.toLocaleLowerCase': exact(s => constant(s.toLowerCase())),
    'str.toLocaleUpperCase': exact(s => constant(s.toUpperCase())),
    'str.normalize': exact(s => constant(s.normalize())),
    'str.valueOf': c => c.self ?? lost(c),
    'str.search': c => {
      const [self, expression] = [text(c.self), expressionOf(c.get(0))]
      return self === undefined || !expression ? lost(c) : constant(self.search(expression))
    },
    'number.toString': c => {
      const [self, radix] = [c.self, bound(c.get(0))]
      if (!self || !isNumber(self) || radix === null) return lost(c)
      return radix === undefined || (radix >= 2 && radix <= 36) ? constant(self.value.toString(radix)) : lost(c)
    },
    'number.toFixed': c => {
      const [self, digits] = [c.self, bound(c.get(0))]
      if (!self || !isNumber(self) || digits === null || (digits ?? 0) > 20) return lost(c)
      return constant(self.value.toFixed(digits))
    },
  },
}
