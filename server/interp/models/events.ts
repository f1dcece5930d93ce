// `EventEmitter` of Node: who listens is called in order when something is emitted, at once.
// Source: https://nodejs.org/docs/latest-v20.x/api/events.html

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, dict, type DictValue, type InstanceValue, isString, list, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

const emitterClass = 'node.events'
/** Where an emitter keeps who listens: lists of functions and whether they listen once. */
const held = '#listeners'

/** Stands for names that are not known. */
const anyName = '#any'

const emitterOf = (c: LibraryCall): InstanceValue | undefined => (c.self?.kind === 'instance' ? c.self : undefined)

function listenersOf(emitter: InstanceValue): DictValue {
  const known = emitter.attributes.get(held)
  if (known?.kind === 'dict') return known
  const made = dict()
  emitter.attributes.set(held, made)
  return made
}

const nameOf = (v: Value | undefined): string | undefined => (v && isString(v) ? v.value : undefined)

/** `on(name, f)` and its kin. */
const listen =
  (isOnce: boolean, isFirst = false) =>
  (c: LibraryCall): Value => {
    const [emitter, name, f] = [emitterOf(c), nameOf(c.get(0)), c.get(1)]
    if (!emitter || !f) return c.self ?? none
    const listeners = listenersOf(emitter)
    const before = listeners.map.get(name ?? anyName)
    const entry = list([f, constant(isOnce)], 'tuple')
    const items = before?.kind === 'list' ? before.items : []
    const open = name === undefined || c.m.uncertain > 0 || (before?.kind === 'list' && before.open)
    listeners.map.set(name ?? anyName, list(isFirst ? [entry, ...items] : [...items, entry], 'list', open))
    return emitter
  }

/** `off(name, f)`: the last time that it listens. */
function stop(c: LibraryCall): Value {
  const [emitter, name, f] = [emitterOf(c), nameOf(c.get(0)), c.get(1)]
  if (!emitter) return c.self ?? none
  const listeners = listenersOf(emitter)
  const known = name === undefined ? undefined : listeners.map.get(name)
  if (known?.kind !== 'list') return emitter
  const isSame = (v: Value | undefined): boolean =>
    v === f || (v?.kind === 'function' && f?.kind === 'function' && v.def === f.def && v.scope === f.scope)
  const at = known.items.findLastIndex(entry => entry.kind === 'list' && isSame(entry.items[0]))
  if (c.m.uncertain > 0 || (at < 0 && f?.kind !== 'function')) known.open = true
  else if (at >= 0) known.items.splice(at, 1)
  return emitter
}

function stopAll(c: LibraryCall): Value {
  const [emitter, name] = [emitterOf(c), c.get(0)]
  if (!emitter) return c.self ?? none
  const listeners = listenersOf(emitter)
  if (c.m.uncertain > 0 || (name && !isString(name))) listeners.open = true
  else if (name && isString(name)) listeners.map.delete(name.value)
  else listeners.map.clear()
  return emitter
}

/** `emit(name, …values)`: whether somebody listened. */
function emit(c: LibraryCall): Value {
  const [emitter, name] = [emitterOf(c), nameOf(c.get(0))]
  if (!emitter) return unknown(c.m, 'emit')
  const listeners = listenersOf(emitter)
  const values = c.args.positional.slice(1).map(a => a.value)
  const named = name === undefined ? undefined : listeners.map.get(name)
  const any = listeners.map.get(anyName)
  const groups = name === undefined ? [...listeners.map.values()] : [named, any].flatMap(group => group ?? [])
  const isDoubtful = name === undefined || listeners.open || any !== undefined
  for (const group of groups) {
    if (group.kind !== 'list') continue
    const isUnsure = isDoubtful || group.open
    if (isUnsure) c.m.uncertain++
    for (const entry of [...group.items]) {
      const [f, once] = entry.kind === 'list' ? entry.items : []
      if (once?.kind === 'const' && once.value === true) group.items.splice(group.items.indexOf(entry), 1)
      const isPlain = f?.kind === 'function' && !f.def.isArrow && !f.self
      if (f) callFunction(c.m, isPlain ? { ...f, self: emitter } : f, values, c)
    }
    if (isUnsure) c.m.uncertain--
  }
  return isDoubtful || c.args.open ? unknown(c.m, 'whether somebody listens') : constant(groups.length > 0)
}

const methods: Readonly<Record<string, (c: LibraryCall) => Value>> = {
  on: listen(false),
  addListener: listen(false),
  prependListener: listen(false, true),
  once: listen(true),
  prependOnceListener: listen(true, true),
  off: stop,
  removeListener: stop,
  removeAllListeners: stopAll,
  setMaxListeners: c => c.self ?? none,
  listenerCount: c => {
    const [emitter, name] = [emitterOf(c), nameOf(c.get(0))]
    const listeners = emitter && listenersOf(emitter)
    const known = name === undefined ? undefined : listeners?.map.get(name)
    return !listeners || listeners.open || name === undefined || (known?.kind === 'list' && known.open)
      ? unknown(c.m, 'how many listen')
      : constant(known?.kind === 'list' ? known.items.length : 0)
  },
  emit,
}

export const events: LibraryModel = {
  calls: {
    [emitterClass]: () => ({
      kind: 'instance',
      of: { kind: 'library', name: emitterClass },
      attributes: new Map<string, Value>(),
    }),
    ...Object.fromEntries(Object.entries(methods).map(([name, model]) => [`${emitterClass}.${name}`, model] as const)),
  },
  aliases: { 'node:events': emitterClass, events: emitterClass, 'node.events.EventEmitter': emitterClass },
}
