// Whether two values are the same, and whether an object is one of a class, in either language.

import { sameMember } from './enumerations'
import { dtypeOf } from '../models/arguments'
import { sameSet } from '../models/sets'
import { isString, type Value } from '../values/value'

/** Whether two values are equal; undefined where that is not known. */
export function alike(a: Value, b: Value): boolean | undefined {
  if (a === b && (a.kind === 'dict' || a.kind === 'instance')) return true
  if (a.kind === 'file' || b.kind === 'file') return samePath(a, b)
  if (a.kind === 'const' && b.kind === 'const') return sameMember(a, b)
  const [nothing, other] = a.kind === 'const' && a.value === null ? [a, b] : [b, a]
  if (nothing.kind === 'const' && nothing.value === null) return other.kind === 'unknown' ? undefined : false
  if ((a.kind === 'const' && isObject(b)) || (b.kind === 'const' && isObject(a))) return false
  if (a.kind === 'list' && b.kind === 'list' && (a.shape === 'set' || b.shape === 'set'))
    return a.shape === b.shape ? sameSet(a, b) : undefined
  if (a.kind === 'list' && b.kind === 'list' && !a.open && !b.open) {
    if (a.items.length !== b.items.length) return false
    let all: boolean | undefined = true
    for (const [i, item] of a.items.entries()) {
      const other = b.items[i]
      const known = other && alike(item, other)
      if (known === false) return false
      if (known === undefined) all = undefined
    }
    return all
  }
  const [x, y] = [dtypeOf(a), dtypeOf(b)]
  if (x !== undefined && y !== undefined) return x === y
  if (a.kind === 'library' && b.kind === 'library' && a.self === undefined && b.self === undefined)
    return a.name === b.name ? true : undefined
  return undefined
}

/** Whether two paths or URLs of files are written alike; where they are not they may mean the same all the same. */
function samePath(a: Value, b: Value): boolean | undefined {
  const [x, y] = [a, b].map(v => (v.kind === 'file' && v.as === 'path' ? v.path : v))
  if (!x || !y || !isString(x) || !isString(y)) return undefined
  return x.value.replace(/^file:\/\//, '') === y.value.replace(/^file:\/\//, '') ? true : undefined
}

/** Never equal to a text, a number or a flag, in either language. */
const isObject = (v: Value): boolean =>
  v.kind === 'list' || v.kind === 'dict' || v.kind === 'function' || v.kind === 'class'

/** `left instanceof right`; undefined where that is not known. */
export function isInstance(left: Value, right: Value): boolean | undefined {
  const name = right.kind === 'library' ? right.name : undefined
  switch (left.kind) {
    case 'array':
      return name === undefined ? (right.kind === 'class' ? false : undefined) : name.endsWith('.array')
    case 'list':
      return name === undefined ? undefined : name === (left.shape === 'set' ? 'js.Set' : 'js.Array')
    case 'dict':
      // An object that was written is no array of the library.
      if (name?.endsWith('.core.array')) return left.open ? undefined : false
      return name === 'js.Map' ? left.isMap === true : undefined
    case 'const':
      return false
    case 'instance':
      return isBelow(left.of, right)
    default:
      return undefined
  }
}

/** Whether a class is another one or has it above it. */
function isBelow(of: Value, other: Value): boolean | undefined {
  if (of.kind === 'library') {
    if (other.kind !== 'library') return false
    return of.name === other.name ? true : other.name.endsWith('.nn.Module') ? of.name.includes('.nn.') : false
  }
  if (of.kind !== 'class') return undefined
  if (other.kind === 'class' && other.def === of.def) return true
  const above = of.bases.map(base => isBelow(base, other))
  return above.includes(true) ? true : above.includes(undefined) ? undefined : false
}
