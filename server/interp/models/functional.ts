// The small modules of Python's library that programs are held together with: functools, itertools, operator, contextlib,
// dataclasses, collections, inspect. Iterators are lists that are consumed from the front.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { constructorNames, fieldClass, fieldsOf, namedTuple, recordOf } from '../run/classes'
import { enterContext, suppressing } from '../run/contexts'
import { itemsOf, mergeDict } from '../run/expressions'
import { partialWith } from '../values/partial'
import { unknown } from '../run/machine'
import { getAttribute } from '../members/members'
import { has } from '../members/membership'
import { importByName } from '../run/modules'
import { failPython } from '../run/refusals'
import { escapeRegExp } from '../values/text'
import { constant, dict, type InstanceValue, isNumber, isString, list, none, truth, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** More items than this are not made at once. */
const mostItems = 100_000

const object = (name: string, attributes: readonly (readonly [string, Value])[]): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name },
  attributes: new Map(attributes),
})

const openList = (some: readonly Value[] = []): Value => list([...some], 'list', true)
const number = (v: Value | undefined): number | undefined => (v && isNumber(v) ? v.value : undefined)

function partial(c: LibraryCall): Value {
  const [func, ...rest] = c.args.positional
  return func ? partialWith(func.value, { ...c.args, positional: rest }) : unknown(c.m, 'functools.partial')
}

function reduce(c: LibraryCall): Value {
  const [func, over, first] = [c.get(0), c.get(1), c.get(2)]
  const items = over && itemsOf(c.m, over)
  if (!func || !items) return unknown(c.m, 'functools.reduce')
  const [start, ...rest] = first ? [first, ...items] : items
  return rest.reduce<Value>((made, item) => callFunction(c.m, func, [made, item], c), start ?? none)
}

/** A decorator that changes nothing that matters here, with or without arguments of its own. */
const transparent = (c: LibraryCall): Value => {
  const f = c.get(0)
  return f?.kind === 'function' || f?.kind === 'class' ? f : unknown(c.m, c.name)
}

function chain(c: LibraryCall, parts: readonly Value[]): Value {
  const lists = parts.map(part => itemsOf(c.m, part))
  const made = lists.flatMap(items => items ?? [])
  return list(made, 'list', lists.includes(undefined))
}

function product(c: LibraryCall): Value {
  const lists = c.args.positional.map(a => itemsOf(c.m, a.value))
  const times = number(c.get(-1, 'repeat')) ?? 1
  if (lists.includes(undefined) || times > 4) return openList()
  let rows: Value[][] = [[]]
  for (let turn = 0; turn < times; turn++)
    for (const items of lists) {
      if (rows.length * (items?.length ?? 0) > mostItems) return openList()
      rows = rows.flatMap(row => (items ?? []).map(item => [...row, item]))
    }
  return list(rows.map(row => list(row, 'tuple')))
}

function islice(c: LibraryCall): Value {
  const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  const bounds = c.args.positional.slice(1).map(a => (a.value.kind === 'const' ? a.value.value : undefined))
  if (!items || bounds.includes(undefined)) return openList(items)
  const [start, stop, step] = bounds.length === 1 ? [0, bounds[0], 1] : [bounds[0] ?? 0, bounds[1], bounds[2] ?? 1]
  const end = typeof stop === 'number' ? stop : items.length
  return list(items.slice(Number(start), end).filter((_, i) => i % Number(step) === 0))
}

function accumulate(c: LibraryCall): Value {
  const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  const numbers = items?.map(number)
  if (!numbers || numbers.includes(undefined) || c.get(1, 'func')) return openList()
  let sum = number(c.get(-1, 'initial')) ?? 0
  const sums = numbers.map(n => constant((sum += n ?? 0)))
  return list(c.get(-1, 'initial') ? [constant(number(c.get(-1, 'initial')) ?? 0), ...sums] : sums)
}

function zipLongest(c: LibraryCall): Value {
  const lists = c.args.positional.map(a => itemsOf(c.m, a.value))
  if (lists.includes(undefined)) return openList()
  const fill = c.get(-1, 'fillvalue') ?? none
  const length = Math.max(0, ...lists.map(items => items?.length ?? 0))
  return list(
    Array.from({ length }, (_, i) =>
      list(
        lists.map(items => items?.[i] ?? fill),
        'tuple',
      ),
    ),
  )
}

/** Neighbours in pairs. */
function pairwise(c: LibraryCall): Value {
  const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  return items ? list(items.slice(1).map((item, i) => list([items[i] ?? none, item], 'tuple'))) : openList()
}

/** `itemgetter(…)` and `attrgetter(…)` of one name are functions of one argument. */
function getter(c: LibraryCall): Value {
  return object(c.name, [['names', list(c.args.positional.map(a => a.value))]])
}

function namedTupleClass(c: LibraryCall): Value {
  const [name, given] = [c.get(0, 'typename'), c.get(1, 'field_names')]
  const texts =
    given && isString(given)
      ? given.value.split(/[\s,]+/).filter(Boolean)
      : given && itemsOf(c.m, given)?.map(item => (isString(item) ? item.value : undefined))
  const names = texts?.flatMap(text => text ?? [])
  if (!name || !isString(name) || !names || names.length !== texts?.length) return unknown(c.m, 'namedtuple')
  const defaults = c.get(-1, 'defaults')
  const known = defaults ? (itemsOf(c.m, defaults) ?? []) : []
  const attributes = new Map(
    names.map((field, i) => [field, known[i - names.length + known.length] ?? unknown(c.m, 'annotation')] as const),
  )
  const { span } = c.at
  return {
    kind: 'class',
    def: {
      name: name.value,
      bases: [],
      methods: [],
      attributes: names.map(field => ({
        name: field,
        value: { kind: 'unknown', what: 'annotation', children: [], span },
      })),
      fields: [],
      decorators: [],
      span,
    },
    program: c.scope.program,
    scope: c.scope,
    bases: [{ kind: 'library', name: namedTuple }],
    attributes,
  }
}

/** An object's fields as a dict. */
function asDict(c: LibraryCall): Value {
  const v = c.get(0) ?? c.self
  if (v?.kind !== 'instance' || v.of.kind !== 'class') return unknown(c.m, c.name)
  return dict([...fieldsOf(v.of).keys()].map(name => [name, v.attributes.get(name) ?? unknown(c.m, `field ${name}`)]))
}

/** A copy with other fields. */
function replaced(c: LibraryCall): Value {
  const v = c.self ?? c.get(0)
  if (v?.kind !== 'instance' || c.args.open) return unknown(c.m, c.name)
  const changes = [...c.args.keywords].map(([name, a]) => [name, a.value] as const)
  return { ...v, attributes: new Map([...v.attributes, ...changes]) }
}

function fields(c: LibraryCall): Value {
  const v = c.get(0)
  const of = v?.kind === 'instance' ? v.of : v
  if (of?.kind !== 'class') return openList()
  return list(
    [...recordOf(of)].flatMap(([name, field]) =>
      field.isInitOnly
        ? []
        : object('dataclasses.FieldName', [
            ['init', constant(true)],
            ['metadata', dict()],
            ...(field.settings.size > 0 || field.held.kind === 'unknown' ? [] : [['default', field.held] as const]),
            ...field.settings,
            ['name', constant(name)],
          ]),
    ),
    'tuple',
  )
}

function defaultDict(c: LibraryCall): Value {
  const made = dict()
  const factory = c.get(0)
  if (factory && !(factory.kind === 'const' && factory.value === null))
    made.factory = () => callFunction(c.m, factory, [], c)
  if (c.get(1)) mergeDict(c.m, made, c.get(1) ?? none)
  return made
}

function counter(c: LibraryCall): Value {
  const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
  if (!items?.every(item => isString(item) || isNumber(item))) return dict([], true)
  const made = dict()
  made.factory = () => constant(0)
  for (const item of items) {
    const key = (item as Value & { value: string | number }).value
    const before = made.map.get(key)
    made.map.set(key, constant((before && number(before) !== undefined ? (number(before) ?? 0) : 0) + 1))
  }
  return made
}

export const functional: LibraryModel = {
  calls: {
    'functools.partial': partial,
    'functools.reduce': reduce,
    'functools.lru_cache': transparent,
    'functools.cache': transparent,
    'functools.wraps': transparent,
    'itertools.chain': c =>
      chain(
        c,
        c.args.positional.map(a => a.value),
      ),
    'itertools.chain.from_iterable': c => {
      const parts = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
      return parts ? chain(c, parts) : openList()
    },
    'itertools.product': product,
    'itertools.islice': islice,
    'itertools.accumulate': accumulate,
    'itertools.zip_longest': zipLongest,
    'itertools.pairwise': pairwise,
    'itertools.tee': c => {
      const items = c.get(0) && itemsOf(c.m, c.get(0) ?? none)
      const count = c.get(1) ? number(c.get(1)) : 2
      return items && count !== undefined && count < mostItems
        ? list(
            Array.from({ length: count }, () => list([...items])),
            'tuple',
          )
        : unknown(c.m, c.name)
    },
    'itertools.repeat': c => {
      const times = number(c.get(1, 'times'))
      const item = c.get(0) ?? none
      return times !== undefined && times <= mostItems
        ? list(Array.from({ length: times }, () => item))
        : openList([item])
    },
    'operator.getitem': c => c.getItem(c.get(0) ?? none, c.get(1) ?? none),
    'operator.contains': c => {
      const known = has(c.m, c.get(0) ?? none, c.get(1) ?? none, false)
      return known === undefined ? unknown(c.m, 'in') : constant(known)
    },
    'operator.itemgetter': getter,
    'operator.attrgetter': getter,
    'operator.itemgetter.__call__': c => getAll(c, (v, key) => c.getItem(v, key)),
    'operator.attrgetter.__call__': c =>
      getAll(c, (v, key) =>
        isString(key)
          ? key.value.split('.').reduce<Value>((from, name) => getAttribute(c.m, from, name, c.at, false), v)
          : unknown(c.m, 'attrgetter'),
      ),
    'contextlib.nullcontext': c => c.get(0) ?? none,
    'contextlib.closing': c => c.get(0) ?? none,
    [suppressing]: c =>
      object(
        suppressing,
        c.args.positional.map(({ value }, i) => [String(i), value] as const),
      ),
    'contextlib.ExitStack': () => object('contextlib.ExitStack', []),
    'contextlib.ExitStack.enter_context': c => enterContext(c.m, c.get(0) ?? none),
    'contextlib.ExitStack.callback': () => none,
    'contextlib.ExitStack.close': () => none,
    'dataclasses.field': c =>
      object(
        fieldClass,
        [...c.args.keywords].map(([name, a]) => [name, a.value] as const),
      ),
    'dataclasses.asdict': asDict,
    'dataclasses.astuple': c => {
      const made = asDict(c)
      return made.kind === 'dict' ? list([...made.map.values()], 'tuple') : made
    },
    'dataclasses.replace': replaced,
    'dataclasses.fields': fields,
    'dataclasses.is_dataclass': c => {
      const v = c.get(0)
      const of = v?.kind === 'instance' ? v.of : v
      if (of?.kind !== 'class') return unknown(c.m, c.name)
      return constant(of.def.decorators.some(d => /(^|\.)dataclass/.test(d)))
    },
    [`${namedTuple}._asdict`]: asDict,
    [`${namedTuple}._replace`]: replaced,
    'collections.namedtuple': namedTupleClass,
    'collections.defaultdict': defaultDict,
    'collections.Counter': counter,
    'collections.ChainMap': c => {
      const made = dict([], c.args.open)
      for (const { value } of [...c.args.positional].reverse()) mergeDict(c.m, made, value)
      return made
    },
    'fnmatch.fnmatch': matchesPattern,
    'fnmatch.fnmatchcase': matchesPattern,
    'inspect.signature': c => {
      const of = c.get(0)
      return object('inspect.Signature', of?.kind === 'class' ? [['parameters', constructorNames(of)]] : [])
    },
    'importlib.import_module': importModule,
    'copy.copy': c => copyOf(c.get(0) ?? none),
    'copy.deepcopy': c => copyOf(c.get(0) ?? none, new Map()),
    'py.slice': c => {
      const [start, stop, step] = c.args.positional.map(a => a.value)
      const [from, to] = stop === undefined ? [none, start] : [start, stop]
      return object('py.slice', [
        ['start', from ?? none],
        ['stop', to ?? none],
        ['step', step ?? none],
      ])
    },
    'py.filter': c => {
      const [f, over] = [c.get(0), c.get(1)]
      const items = over && itemsOf(c.m, over)
      if (!f || !items) return openList()
      const isNone = f.kind === 'const' && f.value === null
      const answers = items.map(item => truth(isNone ? item : callFunction(c.m, f, [item], c), false))
      return list(
        items.filter((_, i) => answers[i] !== false),
        'list',
        answers.includes(undefined),
      )
    },
  },
  aliases: { 'typing_extensions.NamedTuple': namedTuple },
}

/** `*` and `?` of a shell; what else a pattern may hold is not followed. */
function matchesPattern(c: LibraryCall): Value {
  const [name, pattern] = [c.get(0, 'name'), c.get(1, 'pat')]
  if (!name || !pattern || !isString(name) || !isString(pattern) || /[[\]]/.test(pattern.value))
    return unknown(c.m, c.name)
  const source = pattern.value.split(/([*?])/).map(t => (t === '*' ? '.*' : t === '?' ? '.' : escapeRegExp(t)))
  return constant(new RegExp(`^${source.join('')}$`, 's').test(name.value))
}

/** A program of the workspace by its name; anything else is a library, whose members are not known. */
function importModule(c: LibraryCall): Value {
  const [name, within] = [c.get(0, 'name'), c.get(1, 'package')]
  if (!name || !isString(name)) return unknown(c.m, 'a module whose name is not known')
  const package_ = within && isString(within) && within.value !== '__main__' ? within.value : undefined
  const found = importByName(c.m, c.scope.program, name.value, package_)
  if (found) return found
  const top = /^\w+(?=\.)/.exec(name.value)?.[0]
  if (top !== undefined && importByName(c.m, c.scope.program, top, undefined)) {
    const text = `No module named '${name.value}'`
    failPython(c.m, c.at, 'ModuleNotFoundError', `${name.value} is not in the workspace`, undefined, text)
  }
  return unknown(c.m, `the module ${name.value}`)
}

/** A copy of what holds others; a deep one copies what they hold, each once. */
function copyOf(v: Value, known?: Map<Value, Value>): Value {
  const seen = known?.get(v)
  if (seen) return seen
  const inner = (held: Value): Value => (known ? copyOf(held, known) : held)
  const remember = <T extends Value>(made: T): T => {
    known?.set(v, made)
    return made
  }
  if (v.kind === 'list') {
    const made = remember({ ...v, items: [] as Value[] })
    for (const item of v.items) made.items.push(inner(item))
    return made
  }
  if (v.kind === 'dict') {
    const made = remember({
      ...v,
      map: new Map<string | number, Value>(),
      views: [...v.views],
      deleted: new Set(v.deleted),
    })
    for (const [key, held] of v.map) made.map.set(key, inner(held))
    return made
  }
  if (v.kind === 'instance') {
    const made = remember({ ...v, attributes: new Map<string, Value>() })
    for (const [name, held] of v.attributes) made.attributes.set(name, inner(held))
    return made
  }
  return v
}

function getAll(c: LibraryCall, get: (v: Value, key: Value) => Value): Value {
  const names = c.self?.kind === 'instance' ? c.self.attributes.get('names') : undefined
  const [v, keys] = [c.get(0), names?.kind === 'list' ? names.items : []]
  if (!v || keys.length === 0) return unknown(c.m, c.name)
  const found = keys.map(key => get(v, key))
  return found.length === 1 ? (found[0] ?? none) : list(found, 'tuple')
}
