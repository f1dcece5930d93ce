// What `functools.partial` and `f.bind(self, …)` give: a function with some of its arguments.

import type { Arguments } from '../run/calls'
import { dict, type InstanceValue, list, type Value } from './value'

/** The class of what `functools.partial` gives. */
export const partialClass = 'functools.partial'

/** A function with some of its arguments. */
export const partialWith = (func: Value, args: Arguments): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name: partialClass },
  attributes: new Map<string, Value>([
    ['func', func],
    [
      'args',
      list(
        args.positional.map(a => a.value),
        'tuple',
        args.open,
      ),
    ],
    [
      'keywords',
      dict(
        [...args.keywords].map(([name, a]) => [name, a.value]),
        args.open,
      ),
    ],
  ]),
})

/** What a partial really calls, and with which arguments. */
export function partialOf(callee: InstanceValue, args: Arguments): { callee: Value; args: Arguments } | undefined {
  if (callee.of.kind !== 'library' || callee.of.name !== partialClass) return undefined
  const [func, first, named] = ['func', 'args', 'keywords'].map(name => callee.attributes.get(name))
  if (!func || first?.kind !== 'list' || named?.kind !== 'dict') return undefined
  return {
    callee: func,
    args: {
      positional: [...first.items.map(value => ({ value })), ...args.positional],
      keywords: new Map([...[...named.map].map(([k, value]) => [String(k), { value }] as const), ...args.keywords]),
      open: args.open || first.open || named.open,
    },
  }
}
