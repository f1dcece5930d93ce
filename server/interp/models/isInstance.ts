// `isinstance(value, classes)`: whether a value is of a class; undefined where that is not known.

import type { LibraryCall } from '../run/libraryCall'
import { isMixed } from '../run/enumerations'
import { libraryBase } from '../members/members'
import { unknown } from '../run/machine'
import { type ClassValue, constant, none, type Value } from '../values/value'
import { isFraction } from './arguments'

/** The answer of a call of `isinstance`. */
export function isInstance(c: LibraryCall): Value {
  const known = isOneOf(c.get(0) ?? none, c.get(1) ?? none)
  return known === undefined ? unknown(c.m, 'isinstance') : constant(known)
}

/** Whether a value is of a class or of one of several. */
export function isOneOf(v: Value, classes: Value): boolean | undefined {
  if (classes.kind !== 'list') return isOf(v, classes)
  const answers = classes.items.map(of => isOneOf(v, of))
  if (answers.includes(true)) return true
  return classes.open || answers.includes(undefined) ? undefined : false
}

/** Built-in classes that have no others below or above them but those that are told apart here. */
const builtIns = /^py\.(str|int|float|bool|list|tuple|set|frozenset|dict|bytes)$/

function isOf(v: Value, of: Value): boolean | undefined {
  if (v.kind === 'const' && v.member) return isMember(v.member.of, of)
  if (of.kind === 'class') return v.kind === 'instance' ? isBelow(v.of, of) : isPlain(v) ? false : undefined
  if (of.kind !== 'library') return undefined
  if (of.name === 'py.type') return isClass(v) ? true : isMadeByClass(v) ? false : undefined
  if (v.kind === 'instance') return isOfLibrary(v.of, of.name)
  if (of.name === 'mlx.core.array') {
    if (v.kind !== 'array') return isPlain(v) ? false : undefined
    return v.library === undefined ? undefined : v.library === 'mlx'
  }
  if (of.name.startsWith('mlx.nn.')) return v.kind === 'array' || isPlain(v) ? false : undefined
  if (!builtIns.test(of.name)) return undefined
  const names = classesOf(v)
  return names && (names.includes(of.name) ? true : names.length > 0 ? false : undefined)
}

/** A member of an enumeration. */
const isMember = (own: ClassValue, of: Value): boolean | undefined =>
  of.kind === 'class'
    ? isBelow(own, of)
    : of.kind === 'library' && builtIns.test(of.name) && !isMixed(own)
      ? false
      : undefined

/** Nothing that a class of the workspace or of MLX could be. */
const isPlain = (v: Value): boolean =>
  v.kind === 'const' || v.kind === 'template' || v.kind === 'list' || v.kind === 'dict'

const isClass = (v: Value): boolean => v.kind === 'class' || (v.kind === 'library' && builtIns.test(v.name))

/** An object that is no class itself. */
const isMadeByClass = (v: Value): boolean =>
  isPlain(v) || v.kind === 'array' || v.kind === 'instance' || v.kind === 'function'

/** The built-in classes of a value; undefined where they are not known. */
function classesOf(v: Value): readonly string[] | undefined {
  switch (v.kind) {
    case 'template':
      return ['py.str']
    case 'list':
      return v.shape === 'set' ? undefined : [`py.${v.shape}`]
    case 'dict':
      return ['py.dict']
    case 'array':
      return ['py.array']
    case 'const': {
      if (v.value === null) return ['py.None']
      if (typeof v.value === 'string') return ['py.str']
      if (typeof v.value === 'boolean') return ['py.bool', 'py.int']
      const isFloat = isFraction(v)
      return isFloat === undefined ? undefined : [isFloat ? 'py.float' : 'py.int']
    }
    default:
      return undefined
  }
}

/** Whether a class is another one of the workspace or has it above it. */
function isBelow(of: Value, other: Value & { kind: 'class' }): boolean | undefined {
  if (of.kind === 'library') return false
  if (of.kind !== 'class') return undefined
  if (of.def === other.def) return true
  // What a protocol asks for is not looked at.
  if (other.bases.some(base => base.kind === 'library' && base.name.endsWith('.Protocol'))) return undefined
  const above = of.bases.map(base => isBelow(base, other))
  return above.includes(true) ? true : above.includes(undefined) ? undefined : false
}

function isOfLibrary(of: Value, name: string): boolean | undefined {
  const base = libraryBase(of)
  if (base === name) return true
  // No layer of mlx.nn that a program asks for is the base of another; Module is that of all.
  if (base?.startsWith('mlx.nn.') && name.startsWith('mlx.nn.')) return name === 'mlx.nn.Module'
  const isOwn = (x: Value): boolean => x.kind === 'class' && x.bases.every(isOwn)
  const isKnown = base?.startsWith('mlx.nn.') === true || isOwn(of)
  return isKnown && (builtIns.test(name) || name.startsWith('mlx.') || name.startsWith('pathlib.')) ? false : undefined
}
