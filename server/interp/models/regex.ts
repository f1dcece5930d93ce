// Regular expressions of both languages, on texts and patterns that are known. A match of Python's is an instance that
// holds its groups; an expression of JavaScript's is one that holds its source and flags.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { type Part, partsOf, textOf } from '../values/text'
import { constant, dict, isNumber, isString, list, type ListValue, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** Patterns of a program are short; a long one, or a nested quantifier, could take for ever. */
function safePattern(pattern: string): boolean {
  if (pattern.length > 200) return false
  // A character that is escaped or stands in brackets repeats nothing.
  const plain = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  return !/[*+}]\)?[*+{]/.test(plain) && !/\([^)]*[*+][^)]*\)[*+{]/.test(plain)
}

function regexReplace(
  c: LibraryCall,
  pattern: Value | undefined,
  by: Value | undefined,
  text: Value | undefined,
): Value {
  if (!pattern || !by || !text || !isString(pattern) || !isString(text) || !safePattern(pattern.value))
    return unknown(c.m, 're.sub')
  try {
    const expression = new RegExp(pattern.value.replace(/\(\?P</g, '(?<'), 'g')
    if (!isString(by)) return replacedByCalls(c, text.value, expression, by)
    const replacement = by.value
      .replace(/\$/g, '$$$$')
      .replace(/\\g<(\w+)>/g, (_, n: string) => (/^\d+$/.test(n) ? `$${n}` : `$<${n}>`))
      .replace(/\\(\d+)/g, '$$$1')
    return constant(text.value.replace(expression, replacement))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return unknown(c.m, 're.sub with a pattern that is not followed')
  }
}

/** `re.sub` with a function, which is called with every match. */
function replacedByCalls(c: LibraryCall, text: string, expression: RegExp, by: Value): Value {
  const parts: Part[] = []
  let at = 0
  for (const found of text.matchAll(expression)) {
    const made = partsOf(callFunction(c.m, by, [matchObject(found)], c))
    if (!made) return unknown(c.m, 're.sub')
    parts.push(text.slice(at, found.index), ...made)
    at = found.index + found[0].length
  }
  return textOf([...parts, text.slice(at)])
}

/** What Python has of a match: its groups. */
function matchObject(match: RegExpMatchArray | RegExpExecArray): Value {
  const groups = dict([...match].map((g, i) => [i, g === undefined ? none : constant(g)]))
  for (const [name, g] of Object.entries(match.groups ?? {})) groups.map.set(name, g === undefined ? none : constant(g))
  return {
    kind: 'instance',
    of: { kind: 'library', name: 're.Match' },
    attributes: new Map<string, Value>([['#groups', groups]]),
  }
}

/** A match object is the list of its groups; no match is None. */
function regexMatch(c: LibraryCall, before: string, after = ''): Value {
  const [pattern, text] = [patternOf(c.get(0)), c.get(1)]
  if (!pattern || !text || !isString(pattern) || !isString(text) || !safePattern(pattern.value))
    return unknown(c.m, c.name)
  try {
    const match = new RegExp(`${before}(?:${pattern.value.replace(/\(\?P</g, '(?<')})${after}`).exec(text.value)
    if (!match) return none
    return matchObject(match)
  } catch {
    return unknown(c.m, c.name)
  }
}

const expressionClass = 'js.RegExp'

/** A compiled expression of JavaScript, if the value is one that is safe to run. */
export function expressionOf(v: Value | undefined): RegExp | undefined {
  if (v?.kind !== 'instance' || v.of.kind !== 'library' || v.of.name !== expressionClass) return undefined
  const [source, flags] = [v.attributes.get('source'), v.attributes.get('flags')]
  if (!source || !isString(source) || !safePattern(source.value)) return undefined
  try {
    return new RegExp(source.value, flags && isString(flags) ? flags.value : '')
  } catch {
    return undefined
  }
}

/** A match of JavaScript: its groups, with `index` and the named ones beside them. */
export function matched(match: RegExpMatchArray | RegExpExecArray): ListValue {
  const group = (text: string | undefined): Value => (text === undefined ? none : constant(text))
  const named = match.groups ? dict(Object.entries(match.groups).map(([name, text]) => [name, group(text)])) : none
  return {
    ...list([...match].map(group)),
    properties: new Map<string, Value>([
      ['groups', named],
      ['index', constant(match.index ?? 0)],
    ]),
  }
}

/** What `text.match(/…/)` and `/…/.exec(text)` give: the groups, or null; with `all`, every match of an expression with `g`. */
export function matchOf(c: LibraryCall, expression: RegExp | undefined, text: Value | undefined, all = false): Value {
  if (!expression || !text || !isString(text)) return unknown(c.m, 'a match')
  if (all && expression.global) {
    const found = text.value.match(expression)
    return found ? list([...found].map(constant)) : none
  }
  const found = expression.exec(text.value)
  return found ? matched(found) : none
}

/** The next match of `exec` and `test`: an expression with `g` or `y` goes on where it was. */
function nextMatch(c: LibraryCall): Value {
  const expression = expressionOf(c.self)
  if (!expression || c.self?.kind !== 'instance' || !(expression.global || expression.sticky))
    return matchOf(c, expression, c.get(0))
  const { attributes } = c.self
  const from = attributes.get('lastIndex')
  if (!from || !isNumber(from) || c.m.uncertain > 0 || c.m.alternative > 0) {
    attributes.set('lastIndex', unknown(c.m, 'where the last match was'))
    return unknown(c.m, 'a match after another')
  }
  expression.lastIndex = from.value
  const found = matchOf(c, expression, c.get(0))
  attributes.set(
    'lastIndex',
    found.kind === 'unknown' ? unknown(c.m, 'where the last match was') : constant(expression.lastIndex),
  )
  return found
}

const patternClass = 're.Pattern'

/** The text of a pattern, compiled or not. */
const patternOf = (v: Value | undefined): Value | undefined =>
  v?.kind === 'instance' && v.of.kind === 'library' && v.of.name === patternClass ? v.attributes.get('pattern') : v

/** A method of a compiled pattern, as the function that takes the pattern first. */
const compiled = (c: LibraryCall): LibraryCall =>
  c.with({ get: (position, ...keywords) => (position === 0 ? patternOf(c.self) : c.get(position - 1, ...keywords)) })

const groupsOf = (c: LibraryCall) => (c.self?.kind === 'instance' ? c.self.attributes.get('#groups') : undefined)

export const regex: LibraryModel = {
  calls: {
    [expressionClass]: c => ({
      kind: 'instance',
      of: { kind: 'library', name: expressionClass },
      attributes: new Map<string, Value>([
        ['source', c.get(0) ?? none],
        ['flags', c.get(1) ?? constant('')],
        ['lastIndex', constant(0)],
      ]),
    }),
    [`${expressionClass}.test`]: c => {
      const found = nextMatch(c)
      return found.kind === 'unknown' ? found : constant(found.kind === 'list')
    },
    [`${expressionClass}.exec`]: c => nextMatch(c),
    're.sub': c => regexReplace(c, patternOf(c.get(0)), c.get(1), c.get(2)),
    're.match': c => regexMatch(c, '^'),
    're.fullmatch': c => regexMatch(c, '^', '$'),
    're.search': c => regexMatch(c, ''),
    're.compile': c => ({
      kind: 'instance',
      of: { kind: 'library', name: patternClass },
      attributes: new Map<string, Value>([['pattern', c.get(0) ?? none]]),
    }),
    [`${patternClass}.match`]: c => regexMatch(compiled(c), '^'),
    [`${patternClass}.fullmatch`]: c => regexMatch(compiled(c), '^', '$'),
    [`${patternClass}.search`]: c => regexMatch(compiled(c), ''),
    [`${patternClass}.sub`]: c => regexReplace(c, patternOf(c.self), c.get(0), c.get(1)),
    're.Match.group': c => {
      const groups = groupsOf(c)
      return groups ? c.getItem(groups, c.get(0) ?? constant(0)) : unknown(c.m, 'group')
    },
    're.Match.groups': c => {
      const groups = groupsOf(c)
      if (groups?.kind !== 'dict') return unknown(c.m, 'groups')
      return list(
        [...groups.map].filter(([k]) => typeof k === 'number' && k > 0).map(([, v]) => v),
        'tuple',
      )
    },
  },
}
