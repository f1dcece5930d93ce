// Members of `Object`, `Reflect`, `Number` and `Math` beside those in javascript.ts. Specification: ECMA-262, 2024.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { someNumber, unknown } from '../run/machine'
import { setItem, setMember } from '../run/targets'
import { constant, isNumber, isString, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** A function of numbers that are known. */
export const numeric =
  (f: (...n: number[]) => number) =>
  (c: LibraryCall): Value => {
    const numbers = c.args.positional.map(a => (isNumber(a.value) ? a.value.value : undefined))
    return !c.args.open && numbers.every(n => n !== undefined)
      ? constant(f(...(numbers as number[])))
      : someNumber(c.m, c.name)
  }

const test =
  (f: (v: unknown) => boolean) =>
  (c: LibraryCall): Value => {
    const v = c.get(0)
    return v?.kind === 'const' ? constant(f(v.value)) : unknown(c.m, c.name)
  }

/** Sets what a descriptor says: a value, or a getter. */
function define(c: LibraryCall, object: Value, key: Value | undefined, descriptor: Value | undefined): void {
  if (!key || !isString(key) || descriptor?.kind !== 'dict') {
    setItem(c.m, object, undefined, none)
    return
  }
  const getter = descriptor.map.get('get')
  const value =
    getter?.kind === 'function'
      ? { ...getter, def: { ...getter.def, decorators: [...getter.def.decorators, 'get'] } }
      : (descriptor.map.get('value') ?? none)
  if (object.kind === 'dict') setItem(c.m, object, key, value)
  else setMember(c.m, object, key.value, getter ? unknown(c.m, 'what a getter gives') : value)
}

function defineProperty(c: LibraryCall): Value {
  define(c, c.get(0) ?? none, c.get(1), c.get(2))
  return c.get(0) ?? none
}

function defineProperties(c: LibraryCall): Value {
  const [object, all] = [c.get(0) ?? none, c.get(1)]
  if (all?.kind !== 'dict' || all.open) setItem(c.m, object, undefined, none)
  else for (const [key, descriptor] of all.map) define(c, object, constant(key), descriptor)
  return object
}

const same = (c: LibraryCall): Value => c.get(0) ?? none

export const scriptObjects: LibraryModel = {
  calls: {
    'js.Object.seal': same,
    'js.Object.defineProperty': defineProperty,
    'js.Object.defineProperties': defineProperties,
    'js.Reflect.get': c => c.getItem(c.get(0) ?? none, c.get(1) ?? none),
    'js.Reflect.set': c => {
      setItem(c.m, c.get(0) ?? none, c.get(1), c.get(2) ?? none)
      return constant(true)
    },
    'js.Reflect.apply': c => {
      const [f, values] = [c.get(0), c.get(2) && itemsOf(c.m, c.get(2) ?? none)]
      return f && values ? callFunction(c.m, f, values, c) : unknown(c.m, 'Reflect.apply')
    },
    'js.Reflect.construct': c => {
      const [f, values] = [c.get(0), c.get(1) && itemsOf(c.m, c.get(1) ?? none)]
      return f && values ? callFunction(c.m, f, values, c) : unknown(c.m, 'Reflect.construct')
    },
    'js.Reflect.deleteProperty': c => {
      const key = c.get(1)
      const object = c.get(0)
      if (object?.kind === 'dict' && key && (isString(key) || isNumber(key))) {
        object.map.delete(key.value)
        object.deleted.add(key.value)
      } else if (object?.kind === 'dict') object.open = true
      return constant(true)
    },
    'js.isFinite': test(v => Number.isFinite(v)),
    'js.Number.isFinite': test(v => Number.isFinite(v)),
    'js.Number.isSafeInteger': test(v => Number.isSafeInteger(v)),
    'js.BigInt': c => {
      const v = c.get(0)
      return v && isString(v) ? constant(Number(v.value)) : v && isNumber(v) ? v : someNumber(c.m, 'a whole number')
    },
    'js.Math.log': numeric(Math.log),
    'js.Math.log10': numeric(Math.log10),
    'js.Math.exp': numeric(Math.exp),
    'js.Math.cbrt': numeric(Math.cbrt),
    'js.Math.hypot': numeric(Math.hypot),
    'js.Math.cos': numeric(Math.cos),
    'js.Math.sin': numeric(Math.sin),
    'js.Math.random': c => someNumber(c.m, 'a random number'),
    'js.String.fromCharCode': c => {
      const codes = c.args.positional.map(a => (isNumber(a.value) ? a.value.value : undefined))
      return codes.every(code => code !== undefined)
        ? constant(String.fromCharCode(...(codes as number[])))
        : unknown(c.m, 'String.fromCharCode')
    },
    ...Object.fromEntries(
      ['group', 'groupEnd', 'dir', 'trace'].map(name => [`js.console.${name}`, () => none] as const),
    ),
  },
  properties: {
    'js.Math.PI': () => constant(Math.PI),
    'js.Number.MAX_SAFE_INTEGER': () => constant(Number.MAX_SAFE_INTEGER),
    'js.Infinity': () => constant(Infinity),
    'js.NaN': () => constant(NaN),
  },
}
