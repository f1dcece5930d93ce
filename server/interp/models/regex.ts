// Python's `re`, on texts and patterns that are known. A match object is an instance that holds its groups.

import type { LibraryCall } from '../calls'
import { unknown } from '../machine'
import { constant, dict, isString, list, none, type Value } from '../value'
import type { LibraryModel } from './index'

/** Patterns of a program are short; a long one, or a nested quantifier, could take for ever. */
const safePattern = (pattern: string) =>
  pattern.length <= 200 && !/[*+}]\)?[*+{]/.test(pattern) && !/\([^)]*[*+][^)]*\)[*+{]/.test(pattern)

function regexReplace(
  c: LibraryCall,
  pattern: Value | undefined,
  by: Value | undefined,
  text: Value | undefined,
): Value {
  if (!pattern || !by || !text || !isString(pattern) || !isString(by) || !isString(text) || !safePattern(pattern.value))
    return unknown(c.m, 're.sub')
  try {
    const source = pattern.value.replace(/\(\?P</g, '(?<')
    const replacement = by.value
      .replace(/\$/g, '$$$$')
      .replace(/\\g<(\w+)>/g, (_, n: string) => (/^\d+$/.test(n) ? `$${n}` : `$<${n}>`))
      .replace(/\\(\d+)/g, '$$$1')
    return constant(text.value.replace(new RegExp(source, 'g'), replacement))
  } catch {
    return unknown(c.m, 're.sub with a pattern that is not followed')
  }
}

/** A match object is the list of its groups; no match is None. */
function regexMatch(c: LibraryCall, before: string, after = ''): Value {
  const [pattern, text] = [c.get(0), c.get(1)]
  if (!pattern || !text || !isString(pattern) || !isString(text) || !safePattern(pattern.value))
    return unknown(c.m, c.name)
  try {
    const match = new RegExp(`${before}(?:${pattern.value.replace(/\(\?P</g, '(?<')})${after}`).exec(text.value)
    if (!match) return none
    const groups = dict([...match].map((g, i) => [i, g === undefined ? none : constant(g)]))
    for (const [name, g] of Object.entries(match.groups ?? {})) groups.map.set(name, constant(g))
    return {
      kind: 'instance',
      of: { kind: 'library', name: 're.Match' },
      attributes: new Map<string, Value>([['groups', groups]]),
    }
  } catch {
    return unknown(c.m, c.name)
  }
}

const groupsOf = (c: LibraryCall) => (c.self?.kind === 'instance' ? c.self.attributes.get('groups') : undefined)

export const regex: LibraryModel = {
  calls: {
    're.sub': c => regexReplace(c, c.get(0), c.get(1), c.get(2)),
    're.match': c => regexMatch(c, '^'),
    're.fullmatch': c => regexMatch(c, '^', '$'),
    're.search': c => regexMatch(c, ''),
    're.compile': c => c.get(0) ?? none,
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
