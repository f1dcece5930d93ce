// Python's built-ins, as far as loaders use them. They are named `py.<name>`.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { callMember, classOrder, superOf, textOfObject } from '../run/classes'
import { calledByType, madeByType } from '../run/metaclasses'
import { noteCounter, writtenNumber } from '../program/counting'
import { itemsOf, mergeDict } from '../run/expressions'
import { derive, identity, someNumber, unknown } from '../run/machine'
import { findMember, getAttribute } from '../members/members'
import { bareClasses } from '../members/instanceMembers'
import { isArrayMember } from '../members/arrayMembers'
import { hasMember } from '../members/moduleMembers'
import { errorsOf, fail, failPython } from '../run/refusals'
import { iterate } from '../run/statements'
import { setMember } from '../run/targets'
import { partsOf, textOf } from '../values/text'
import {
  type ClassValue,
  constant,
  dict,
  isNumber,
  isString,
  join,
  library,
  list,
  none,
  truth,
  type Value,
  wholeNumber,
} from '../values/value'
import { fromPairs } from './collections'
import { isInstance } from './isInstance'
import { numberIn } from './scalars'
import { setOf } from './sets'
import { sortAsPython } from './sorting'
import type { LibraryModel } from './index'

const number = (v: Value | undefined) => (v && isNumber(v) ? v.value : undefined)

/** `range`; where an end is not known the list is open and stands for any index. */
function range(c: LibraryCall): Value {
  const given = c.args.positional.map(a => a.value)
  const [start, stop, step] =
    given.length === 1 ? [constant(0), given[0], constant(1)] : [given[0], given[1], given[2] ?? constant(1)]
  const [from, to, by] = [number(start), number(stop), number(step)]
  if (from === undefined || to === undefined || by === undefined || by === 0) return list([], 'list', true)
  const count = Math.max(0, Math.ceil((to - from) / by))
  if (count > 100_000) return list([], 'list', true)
  const last = given.length === 1 ? given[0] : given[1]
  if (by === 1 && count > 0)
    noteCounter(c.m, {
      at: c.at,
      first: from,
      last: to - 1,
      start: given.length > 1 ? writtenNumber(c.placeOf(0)) : undefined,
      stop: last?.kind === 'const' ? last.config : undefined,
    })
  return list(Array.from({ length: count }, (_, i) => wholeNumber(from + i * by)))
}

function enumerate(c: LibraryCall): Value {
  const items = c.get(0)
  if (!items) return unknown(c.m, 'enumerate')
  const start = number(c.get(1, 'start')) ?? 0
  const known = itemsOf(c.m, items)
  if (known) return list(known.map((item, i) => list([constant(start + i), item], 'tuple')))
  const some = items.kind === 'list' ? items.items : []
  return list(
    some.map(item => list([unknown(c.m, 'an index'), item], 'tuple')),
    'list',
    true,
  )
}

function zip(c: LibraryCall): Value {
  const lists = c.args.positional.map(a => itemsOf(c.m, a.value))
  if (c.args.open || lists.some(l => l === undefined)) return list([], 'list', true)
  const length = lists.length > 0 ? Math.min(...lists.map(l => l?.length ?? 0)) : 0
  return list(
    Array.from({ length }, (_, i) =>
      list(
        lists.map(l => l?.[i] ?? none),
        'tuple',
      ),
    ),
  )
}

function length(c: LibraryCall): Value {
  const v = c.get(0)
  if (v?.kind === 'array') {
    const first = v.variants[0]?.shape?.[0]
    return first !== undefined && v.variants.every(x => x.shape?.[0] === first) ? constant(first) : unknown(c.m, 'len')
  }
  const counted = v && callMember(c.m, v, '__len__', [])
  if (counted) return counted
  const items = v && itemsOf(c.m, v)
  if (items) return constant(items.length)
  const isOptional = v?.kind === 'list' && v.optional === true
  const otherwise = isOptional ? constant(v.items.length) : undefined
  return { ...someNumber(c.m, 'len'), ...(otherwise ? { optional: true, otherwise } : {}) }
}

function getattr(c: LibraryCall): Value {
  const [object, name] = [c.get(0), c.get(1)]
  if (!object || !name) return unknown(c.m, 'getattr')
  if (!isString(name)) {
    const id = identity(name)
    return id && object.kind === 'unknown'
      ? derive(c.m, `#${object.symbol}.${id}`, 'getattr with a computed name', object.free)
      : unknown(c.m, 'getattr with a name that is not known')
  }
  const fallback = c.get(2)
  if (
    fallback &&
    object.kind === 'instance' &&
    !object.attributes.has(name.value) &&
    !findMember(object.of, name.value)
  ) {
    return object.of.kind === 'class' && object.of.bases.every(b => b.kind === 'class')
      ? fallback
      : join(fallback, unknown(c.m, 'getattr with a default'), w => unknown(c.m, w))
  }
  if (fallback && object.kind === 'array' && object.library === 'mlx' && !isArrayMember(name.value)) return fallback
  const value = getAttribute(c.m, object, name.value, c.at, false)
  return value.kind === 'unknown' && fallback ? join(fallback, value, w => unknown(c.m, w)) : value
}

function setattr(c: LibraryCall): Value {
  const [object, name, value] = [c.get(0), c.get(1), c.get(2)]
  if (object && name && isString(name) && value) setMember(c.m, object, name.value, value)
  else if (object?.kind === 'instance') object.isShared = true
  return none
}

function hasattr(c: LibraryCall): Value {
  const [object, name] = [c.get(0), c.get(1)]
  if (object?.kind === 'array' && object.library === 'mlx' && name && isString(name))
    return constant(isArrayMember(name.value))
  if (object?.kind === 'class' && name && isString(name)) return hasClassMember(c, object, name.value)
  if (object?.kind !== 'instance' || !name || !isString(name)) return unknown(c.m, 'hasattr')
  const known = hasMember(object, name.value)
  return known === undefined ? unknown(c.m, 'hasattr') : constant(known)
}

function hasClassMember(c: LibraryCall, of: ClassValue, name: string): Value {
  const found = findMember(of, name)?.value
  if (found) return found.kind === 'unknown' ? unknown(c.m, 'hasattr') : constant(true)
  const isOwn = classOrder(of)?.every(one => one.kind === 'class' || bareClasses.test(one.name)) === true
  return isOwn && !name.startsWith('__') ? constant(false) : unknown(c.m, 'hasattr')
}

function toText(c: LibraryCall): Value {
  const v = c.get(0)
  if (!v) return constant('')
  const parts = partsOf(c.name === 'py.str' ? textOfObject(c.m, v, '__str__') : v)
  return parts ? textOf(parts) : unknown(c.m, 'text of a value that is not text')
}

function toInt(c: LibraryCall): Value {
  const v = c.get(0)
  const isFloat = c.name === 'py.float'
  if (v && isNumber(v)) return { ...v, value: isFloat ? v.value : Math.trunc(v.value), isFloat }
  if (v && isString(v) && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(v.value)) {
    const parsed = Number(v.value)
    if (c.name === 'py.float' || Number.isInteger(parsed)) return constant(parsed)
  }
  if (
    c.name === 'py.int' &&
    v &&
    isString(v) &&
    c.args.positional.length === 1 &&
    !/^\s*[-+]?[\d_]+\s*$/.test(v.value)
  ) {
    const text = `invalid literal for int() with base 10: '${v.value}'`
    failPython(c.m, c.at, 'ValueError', `'${v.value}' is no whole number`, undefined, text)
  }
  // The number of a text that stands for one is written the same way.
  if (v?.kind === 'unknown') return { ...v, isNumber: true }
  if (v?.kind === 'array') return numberIn(c, v)
  return v?.kind === 'const' && typeof v.value === 'boolean' ? constant(Number(v.value)) : someNumber(c.m, 'int')
}

const copyAs =
  (shape: 'list' | 'tuple' | 'set') =>
  (c: LibraryCall): Value => {
    const v = c.get(0)
    if (!v) return list([], shape)
    const items = itemsOf(c.m, v)
    const made = items ?? (v.kind === 'list' ? v.items : [])
    if (shape === 'set') return setOf(made, !items)
    return { ...list([...made], shape, !items), ...(v.kind === 'list' && v.optional ? { optional: true } : {}) }
  }

function toDict(c: LibraryCall): Value {
  const from = c.get(0)
  const made = from?.kind === 'list' ? fromPairs(from) : dict()
  if (from && from.kind !== 'list') mergeDict(c.m, made, from)
  for (const [key, argument] of c.args.keywords) made.map.set(key, argument.value)
  if (c.args.open) made.open = true
  return made
}

/** Ends the program: in a handler because of what that caught, elsewhere with an error where it is given one. */
function exit(c: LibraryCall): Value {
  const status = c.get(0)
  const isText = status !== undefined && (isString(status) || status.kind === 'template')
  const isFailure = isText || (status && isNumber(status) && status.value !== 0)
  if (!isFailure) return unknown(c.m, 'the end of the program')
  const text = isString(status) ? status.value : isNumber(status) ? String(status.value) : ''
  const errors = errorsOf('SystemExit')
  if (c.m.handling) fail(c.m, { ...c.m.handling, errors })
  else {
    const found = 'the program comes here with this checkpoint and exits'
    const raises = text === '' ? 'SystemExit' : `SystemExit: ${text}`
    fail(c.m, { at: c.at, kind: 'error', found, expected: undefined, raises, errors, tensors: [] })
  }
  return unknown(c.m, 'the end of the program')
}

/** An iterator is a list of its own, which is consumed from the front. */
function iterator(c: LibraryCall): Value {
  const v = c.get(0)
  const items = v && itemsOf(c.m, v)
  return items ? list([...items]) : (v ?? none)
}

function next(c: LibraryCall): Value {
  const [v, otherwise] = [c.get(0), c.get(1)]
  if (v?.kind !== 'list') return (v && callMember(c.m, v, '__next__', [])) ?? unknown(c.m, 'next')
  if (v.open || c.m.summaries > 0) return unknown(c.m, 'next')
  if (c.m.branching === 0) return v.items.shift() ?? otherwise ?? unknown(c.m, 'next')
  // In a branch that may not be taken nothing is known of what is left.
  v.open = true
  return v.items[0] ?? unknown(c.m, 'next')
}

const typeNames = { string: 'py.str', boolean: 'py.bool', number: undefined, object: undefined } as const

function typeOf(c: LibraryCall): Value {
  const v = c.get(0)
  if (v?.kind === 'instance' && v.of.kind === 'class') return v.of
  if (v?.kind === 'const') {
    const name = typeNames[typeof v.value as keyof typeof typeNames]
    return name ? library(name) : unknown(c.m, 'type')
  }
  if (v?.kind === 'list') return library(`py.${v.shape}`)
  return v?.kind === 'dict' ? library('py.dict') : unknown(c.m, 'type')
}

function sorted(c: LibraryCall): Value {
  const v = c.get(0)
  const items = v && itemsOf(c.m, v)
  if (!items) return v?.kind === 'list' ? list([...v.items], 'list', true) : list([], 'list', true)
  const inOrder = sortAsPython(c, items)
  return { ...list(inOrder ?? [...items]), isShuffled: !inOrder && items.length > 1 }
}

function reversed(c: LibraryCall): Value {
  const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  return items ? list([...items].reverse()) : list([], 'list', true)
}

/** `min` and `max` of known numbers. */
const extreme =
  (pick: (...n: number[]) => number) =>
  (c: LibraryCall): Value => {
    const only = c.args.positional.length === 1 ? c.get(0) : undefined
    const values = only ? itemsOf(c.m, only) : c.args.positional.map(a => a.value)
    const numbers = values?.map(number)
    if (!numbers || numbers.length === 0 || c.args.open || numbers.some(n => n === undefined))
      return unknown(c.m, 'min or max')
    return constant(pick(...(numbers as number[])))
  }

const quantifier =
  (stop: boolean) =>
  (c: LibraryCall): Value => {
    const v = c.get(0)
    const items = v && itemsOf(c.m, v)
    const answers = (items ?? (v?.kind === 'list' ? v.items : [])).map(i => truth(i, false))
    if (answers.includes(stop)) return constant(stop)
    return items && !answers.includes(undefined) ? constant(!stop) : unknown(c.m, 'any or all')
  }

/** `map(f, *iterables)`. */
function mapItems(c: LibraryCall): Value {
  const [f, v, ...others] = c.args.positional.map(a => a.value)
  if (!f || !v || c.args.open) return unknown(c.m, 'map')
  // The number of a text that stands for one is written the same way.
  const call = (values: readonly Value[]): Value =>
    f.kind === 'library' && f.name === 'py.int' && values[0]?.kind !== 'const'
      ? (values[0] ?? none)
      : callFunction(c.m, f, values, c)
  if (others.length > 0) {
    const rows = zip(c.with({ args: { ...c.args, positional: c.args.positional.slice(1) } }))
    if (rows.kind !== 'list' || rows.open) return list([], 'list', true)
    return list(rows.items.map(row => call(row.kind === 'list' ? row.items : [])))
  }
  const made: Value[] = []
  let open = false
  iterate(
    c.m,
    v,
    'values',
    item => {
      made.push(call([item]))
      return true
    },
    () => (open = true),
  )
  return list(made, 'list', open)
}

export const python: LibraryModel = {
  calls: {
    'py.range': range,
    'py.enumerate': enumerate,
    'py.zip': zip,
    'py.len': length,
    'py.getattr': getattr,
    'py.setattr': setattr,
    'py.hasattr': hasattr,
    'py.str': toText,
    'py.repr': toText,
    'py.int': toInt,
    'py.float': toInt,
    'py.bool': c => {
      const known = truth(c.get(0) ?? constant(false), false)
      return known === undefined ? unknown(c.m, 'bool') : constant(known)
    },
    'py.list': copyAs('list'),
    'py.tuple': copyAs('tuple'),
    'py.set': copyAs('set'),
    'py.frozenset': copyAs('set'),
    'py.iter': iterator,
    'py.next': next,
    'py.type': typeOf,
    'typing.cast': c => c.get(1, 'val') ?? unknown(c.m, c.name),
    'py.type.__new__': c => madeByType(c.m),
    'py.type.__init__': () => none,
    'py.type.__call__': c => calledByType(c.m) ?? unknown(c.m, c.name),
    'py.dict': toDict,
    'collections.OrderedDict': toDict,
    'py.sorted': sorted,
    'py.reversed': reversed,
    'py.min': extreme(Math.min),
    'py.max': extreme(Math.max),
    'py.abs': c => (isNumber(c.get(0) ?? none) ? constant(Math.abs(number(c.get(0)) ?? 0)) : unknown(c.m, 'abs')),
    'py.any': quantifier(true),
    'py.all': quantifier(false),
    'py.map': mapItems,
    'py.isinstance': isInstance,
    'py.print': () => none,
    'sys.exit': exit,
    'py.exit': exit,
    'py.quit': exit,
    'py.super': c => superOf(c.scope) ?? unknown(c.m, 'super'),
    'py.vars': c => {
      const v = c.get(0)
      if (v?.kind !== 'instance') return unknown(c.m, 'vars')
      v.isShared = true
      return dict([...v.attributes])
    },
    'py.dict.fromkeys': c => {
      const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
      return items ? fromPairs(list(items.map(k => list([k, c.get(1) ?? none], 'tuple')))) : dict([], true)
    },
    'types.SimpleNamespace': c => ({
      kind: 'instance',
      of: { kind: 'library', name: 'types.SimpleNamespace' },
      attributes: new Map([...c.args.keywords].map(([k, a]) => [k, a.value])),
      isShared: c.args.open || c.args.positional.length > 0,
    }),
  },
  aliases: {
    tqdm: 'tqdm',
    'tqdm.tqdm': 'py.iter',
    'tqdm.auto.tqdm': 'py.iter',
    'tqdm.auto': 'tqdm',
    builtins: 'py',
    'typing_extensions.cast': 'typing.cast',
  },
}
