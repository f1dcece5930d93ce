// Regular expressions of Python, on texts and patterns that are known. They are run as those of JavaScript, where both mean
// the same; a match is an instance that holds its groups. Source: https://docs.python.org/3/library/re.html

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { escapeRegExp, type Part, partsOf, textOf } from '../values/text'
import {
  constant,
  dict,
  type DictValue,
  type InstanceValue,
  isNumber,
  isString,
  list,
  none,
  type Value,
  wholeNumber,
} from '../values/value'
import type { LibraryModel } from './index'
import { safePattern } from './regex'

const patternClass = 're.Pattern'
const matchClass = 're.Match'

/** Flags by their numbers, which is what `|` joins, and their letters in JavaScript. */
const flagNumbers = { IGNORECASE: 2, MULTILINE: 8, DOTALL: 16, UNICODE: 32, VERBOSE: 64, ASCII: 256 } as const
const letters: readonly (readonly [number, string])[] = [
  [flagNumbers.IGNORECASE, 'i'],
  [flagNumbers.MULTILINE, 'm'],
  [flagNumbers.DOTALL, 's'],
]

/** The expression that means the same; undefined where there is none, or it could take for ever. */
function translated(pattern: string, flags: number): { source: string; flags: string } | undefined {
  const inline = /^\(\?([aimsux]+)\)/.exec(pattern)
  const own = [...(inline?.[1] ?? '')].map(letter => 'ims'.includes(letter) || letter === 'x')
  if (own.includes(false)) return undefined
  const isVerbose = (flags & flagNumbers.VERBOSE) !== 0 || inline?.[1]?.includes('x') === true
  const text = pattern.slice(inline?.[0].length ?? 0)
  const bare = isVerbose ? withoutSpace(text) : text
  // Where the least number is left out, JavaScript takes the braces for themselves.
  if (/\{,\d+\}/.test(bare) || !safePattern(bare)) return undefined
  const source = bare
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replace(/\\A/g, '^')
    .replace(/\\Z/g, '(?![\\s\\S])')
  const given = letters.filter(([n, letter]) => (flags & n) !== 0 || inline?.[1]?.includes(letter))
  return { source, flags: given.map(([, letter]) => letter).join('') }
}

/** A verbose pattern without its blanks and comments. */
function withoutSpace(pattern: string): string {
  const pieces = pattern.match(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|#[^\n]*|\s+|[^\\[#\s]+|\[/g) ?? []
  return pieces.filter(piece => !/^(#|\s)/.test(piece)).join('')
}

const patternOf = (v: Value | undefined): InstanceValue | undefined =>
  v?.kind === 'instance' && v.of.kind === 'library' && v.of.name === patternClass ? v : undefined

/** A pattern, compiled or not, with its flags; `around` puts it between others. */
function expressionIn(v: Value | undefined, given: Value | undefined, more: string, around = (s: string) => s) {
  const compiled = patternOf(v)
  const text = compiled ? compiled.attributes.get('pattern') : v
  const flags = (compiled ? compiled.attributes.get('flags') : given) ?? wholeNumber(0)
  if (!text || !isString(text) || !isNumber(flags)) return undefined
  const made = translated(text.value, flags.value)
  try {
    return made && new RegExp(around(made.source), made.flags + more)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What Python has of a match: its groups, and where it stands. */
function matchObject(match: RegExpMatchArray | RegExpExecArray): Value {
  const group = (text: string | undefined): Value => (text === undefined ? none : constant(text))
  const groups = dict([...match].map((text, i) => [i, group(text)]))
  for (const [name, text] of Object.entries(match.groups ?? {})) groups.map.set(name, group(text))
  const start = match.index ?? 0
  return {
    kind: 'instance',
    of: { kind: 'library', name: matchClass },
    attributes: new Map<string, Value>([
      ['#groups', groups],
      ['#start', wholeNumber(start)],
      ['#end', wholeNumber(start + match[0].length)],
      ['string', constant(match.input ?? '')],
    ]),
  }
}

/** How a function of the module is asked: its pattern first, or bound to a compiled one. */
interface Asked {
  readonly pattern: Value | undefined
  readonly get: (position: number, ...keywords: string[]) => Value | undefined
}

const ofModule = (c: LibraryCall): Asked => ({
  pattern: c.get(0, 'pattern'),
  get: (position, ...keywords) => c.get(position + 1, ...keywords),
})

const ofPattern = (c: LibraryCall): Asked => ({
  pattern: c.self,
  get: (position, ...keywords) => (keywords.includes('flags') ? undefined : c.get(position, ...keywords)),
})

type Search = (c: LibraryCall, asked: Asked) => Value

/** `match`, `search` and `fullmatch`: a match, or None. */
const one =
  (around: (source: string) => string): Search =>
  (c, { pattern, get }) => {
    const text = get(0, 'string')
    const expression = expressionIn(pattern, get(1, 'flags'), '', around)
    if (!expression || !text || !isString(text)) return unknown(c.m, c.name)
    const match = expression.exec(text.value)
    return match ? matchObject(match) : none
  }

/** Every match in order; undefined where they are not known. */
function every({ pattern, get }: Asked): RegExpMatchArray[] | undefined {
  const text = get(0, 'string')
  const expression = expressionIn(pattern, get(1, 'flags'), 'g')
  return expression && text && isString(text) ? [...text.value.matchAll(expression)] : undefined
}

/** `findall`: what was matched, or its group, or all its groups where there are several. */
const findAll: Search = (_, asked) => {
  const matches = every(asked)
  const found = matches?.map(([whole, ...groups]) => {
    if (groups.length === 0) return constant(whole)
    const texts = groups.map(text => constant((text as string | undefined) ?? ''))
    return texts.length === 1 && texts[0] ? texts[0] : list(texts, 'tuple')
  })
  return list(found ?? [], 'list', !found)
}

const findIterator: Search = (_, asked) => {
  const matches = every(asked)
  return list(matches?.map(matchObject) ?? [], 'list', !matches)
}

/** `split`: the parts between the matches, with the groups of each. */
const split: Search = (_, { pattern, get }) => {
  const [text, most] = [get(0, 'string'), get(1, 'maxsplit') ?? wholeNumber(0)]
  const expression = expressionIn(pattern, get(2, 'flags'), 'g')
  if (!expression || !text || !isString(text) || !isNumber(most)) return list([], 'list', true)
  const matches = [...text.value.matchAll(expression)]
  if (matches.some(([whole]) => whole === '')) return list([], 'list', true)
  const parts: Value[] = []
  let at = 0
  for (const match of most.value > 0 ? matches.slice(0, most.value) : matches) {
    const groups = match.slice(1).map(group => ((group as string | undefined) === undefined ? none : constant(group)))
    parts.push(constant(text.value.slice(at, match.index)), ...groups)
    at = match.index + match[0].length
  }
  return list([...parts, constant(text.value.slice(at))])
}

/** `sub`: by a text with references to groups, or by what a function makes of each match. */
const substitute: Search = (c, { pattern, get }) => {
  const [by, text, most] = [get(0, 'repl'), get(1, 'string'), get(2, 'count') ?? wholeNumber(0)]
  const expression = expressionIn(pattern, get(3, 'flags'), 'g')
  if (!expression || !by || !text || !isString(text) || !isNumber(most)) return unknown(c.m, c.name)
  const matches = [...text.value.matchAll(expression)]
  const parts: Part[] = []
  let at = 0
  for (const match of most.value > 0 ? matches.slice(0, most.value) : matches) {
    const made = isString(by) ? [filledIn(by.value, match)] : partsOf(callFunction(c.m, by, [matchObject(match)], c))
    if (!made) return unknown(c.m, c.name)
    parts.push(text.value.slice(at, match.index), ...made)
    at = match.index + match[0].length
  }
  return textOf([...parts, text.value.slice(at)])
}

/** `\1`, `\g<1>` and `\g<name>` in the text that takes the place of a match. */
const filledIn = (by: string, match: RegExpMatchArray): string =>
  by.replace(/\\g<(\w+)>|\\(\d{1,2})|\\([\\nt])/g, (_, name?: string, digits?: string, escaped?: string) => {
    if (escaped !== undefined) return escaped === 'n' ? '\n' : escaped === 't' ? '\t' : '\\'
    const asked = name ?? digits ?? ''
    return (/^\d+$/.test(asked) ? match[Number(asked)] : match.groups?.[asked]) ?? ''
  })

const groupsOf = (c: LibraryCall): DictValue | undefined => {
  const held = c.self?.kind === 'instance' ? c.self.attributes.get('#groups') : undefined
  return held?.kind === 'dict' ? held : undefined
}

/** Where the whole match begins or ends; where its groups do is not followed. */
const position =
  (...names: readonly string[]) =>
  (c: LibraryCall): Value => {
    const asked = c.get(0)
    const isWhole = !asked || (isNumber(asked) && asked.value === 0)
    const held = c.self?.kind === 'instance' && isWhole ? c.self.attributes : undefined
    const found = names.flatMap(name => held?.get(name) ?? [])
    if (found.length < names.length) return unknown(c.m, c.name)
    return found.length === 1 && found[0] ? found[0] : list(found, 'tuple')
  }

/** The groups with a number, or those with a name, a default in the place of those that took no part. */
function groupValues(
  c: LibraryCall,
  isMeant: (key: string | number) => boolean,
): [string | number, Value][] | undefined {
  const otherwise = c.get(0, 'default') ?? none
  return (
    groupsOf(c) &&
    [...(groupsOf(c)?.map ?? [])]
      .filter(([key]) => isMeant(key))
      .map(([key, v]) => [key, v.kind === 'const' && v.value === null ? otherwise : v])
  )
}

const searches: Readonly<Record<string, Search>> = {
  match: one(source => `^(?:${source})`),
  search: one(source => source),
  fullmatch: one(source => `^(?:${source})$`),
  findall: findAll,
  finditer: findIterator,
  split,
  sub: substitute,
}

export const pythonRegex: LibraryModel = {
  calls: {
    ...Object.fromEntries(
      Object.entries(searches).flatMap(([name, search]) => [
        [`re.${name}`, (c: LibraryCall) => search(c, ofModule(c))],
        [`${patternClass}.${name}`, (c: LibraryCall) => search(c, ofPattern(c))],
      ]),
    ),
    're.compile': c =>
      patternOf(c.get(0)) ?? {
        kind: 'instance',
        of: { kind: 'library', name: patternClass },
        attributes: new Map<string, Value>([
          ['pattern', c.get(0, 'pattern') ?? none],
          ['flags', c.get(1, 'flags') ?? wholeNumber(0)],
        ]),
      },
    're.escape': c => {
      const text = c.get(0, 'pattern')
      return text && isString(text) ? constant(escapeRegExp(text.value)) : unknown(c.m, c.name)
    },
    [`${matchClass}.group`]: c => {
      const groups = groupsOf(c)
      if (!groups || c.args.open) return unknown(c.m, c.name)
      const found = c.args.positional.map(({ value }) => c.getItem(groups, value))
      if (found.length === 0) return c.getItem(groups, constant(0))
      return found.length === 1 && found[0] ? found[0] : list(found, 'tuple')
    },
    [`${matchClass}.groups`]: c => {
      const found = groupValues(c, key => typeof key === 'number' && key > 0)
      return found
        ? list(
            found.map(([, v]) => v),
            'tuple',
          )
        : unknown(c.m, c.name)
    },
    [`${matchClass}.groupdict`]: c => {
      const found = groupValues(c, key => typeof key === 'string')
      return found ? dict(found) : dict([], true)
    },
    [`${matchClass}.start`]: position('#start'),
    [`${matchClass}.end`]: position('#end'),
    [`${matchClass}.span`]: position('#start', '#end'),
  },
  properties: Object.fromEntries(
    Object.entries({ ...flagNumbers, I: 2, M: 8, S: 16, U: 32, X: 64, A: 256 }).map(
      ([name, n]) => [`re.${name}`, () => wholeNumber(n)] as const,
    ),
  ),
}
