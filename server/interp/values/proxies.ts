// `new Proxy(target, handler)` of JavaScript: members are asked of the handler. Specification: ECMA-262, 2024, 10.5.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { getItem } from '../members/members'
import type { Machine } from '../run/machine'
import { type InstanceValue, none, type Place, truth, type Value } from './value'

const proxyClass = 'js.Proxy'

/** What `new Proxy(…)` gives. */
export const makeProxy = (c: LibraryCall): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name: proxyClass },
  attributes: new Map<string, Value>([
    ['target', c.get(0) ?? none],
    ['handler', c.get(1) ?? none],
  ]),
})

const isProxy = (v: InstanceValue): boolean => v.of.kind === 'library' && v.of.name === proxyClass

function trap(v: InstanceValue, name: string): { f: Value | undefined; target: Value } {
  const handler = v.attributes.get('handler')
  const f = handler?.kind === 'dict' ? handler.map.get(name) : undefined
  return {
    f: f?.kind === 'function' && !f.def.isArrow ? { ...f, self: handler } : f,
    target: v.attributes.get('target') ?? none,
  }
}

/** A member of a proxy; undefined where the object is none. */
export function memberOfProxy(m: Machine, object: InstanceValue, key: Value, at: Place): Value | undefined {
  if (!isProxy(object)) return undefined
  const { f, target } = trap(object, 'get')
  return f ? callFunction(m, f, [target, key, object]) : getItem(m, target, key, at)
}

/** `key in proxy`; undefined where that is not known or the object is no proxy. */
export function isInProxy(m: Machine, object: InstanceValue, key: Value): boolean | undefined {
  if (!isProxy(object)) return undefined
  const { f, target } = trap(object, 'has')
  return f ? truth(callFunction(m, f, [target, key]), true) : undefined
}
