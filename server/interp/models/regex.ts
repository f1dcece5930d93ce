// Regular expressions of JavaScript, on texts and patterns that are known: an expression is an instance that holds its source
// and flags. Those of Python are in pythonRegex.ts.

import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, dict, isNumber, isString, list, type ListValue, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** Patterns of a program are short; a long one, or a nested quantifier, could take for ever. */
/** Whether an expression surely ends soon. */
export function safePattern(pattern: string): boolean {
  if (pattern.length > 200) return false
  // A character that is escaped or stands in brackets repeats nothing.
  const plain = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  return !/[*+}]\)?[*+{]/.test(plain) && !/\([^)]*[*+][^)]*\)[*+{]/.test(plain)
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
  },
}
