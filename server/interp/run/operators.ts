// Operators on abstract values: arithmetic, joining of texts and lists, comparison. An operation on something that is not
// known gives an unknown; the same operation on the same unknown gives the same one.

import type { Expr } from '../../source/ir'
import { anyArray, mapVariants, withOp } from '../arrays/arrays'
import { callMember } from './classes'
import { otherwiseOf } from './commandLine'
import { mergeDict } from './expressions'
import { derive, identity, type Machine, place, unknown } from './machine'
import { has } from '../members/membership'
import { isFraction } from '../models/arguments'
import { pairwise, refuseFloats } from '../models/elementwise'
import { setOperator } from '../models/sets'
import { multiply } from '../arrays/products'
import { primitive } from './primitives'
import { failPython } from './refusals'
import { alike, isInstance } from './sameness'
import { isJavaScript } from './scopes'
import { asFloat } from '../shapes/dtypes'
import { refusedBits, refusedDType, shifted } from '../shapes/elementwise'
import { partsOf, scriptPartsOf, textOf, type Part } from '../values/text'
import {
  constant,
  dict,
  isNumber,
  isOptional,
  isString,
  type Linear,
  list,
  type ListValue,
  nothing,
  type Place,
  type Scope,
  truth,
  type Value,
} from '../values/value'

export function binary(m: Machine, op: string, left: Value, right: Value, scope: Scope, e: Expr): Value {
  const javascript = isJavaScript(scope)
  if (javascript && (isObject(left) || isObject(right)))
    return binaryOf(m, op, primitive(m, left, 'number'), primitive(m, right, 'number'), scope, e)
  return binaryOf(m, op, left, right, scope, e)
}

const isObject = (v: Value): boolean => v.kind === 'instance' || v.kind === 'dict'

function binaryOf(m: Machine, op: string, left: Value, right: Value, scope: Scope, e: Expr): Value {
  const javascript = isJavaScript(scope)
  const own = operatorMethod(m, op, left, right)
  if (own) return own
  if (!javascript && op !== '&' && op !== '|' && op !== '^' && (isFlag(left) || isFlag(right)))
    if ([left, right].every(v => isFlag(v) || isNumber(v)))
      return binary(m, op, asNumber(left), asNumber(right), scope, e)
  if (javascript && isBesideNothing(left, right) && (op !== '+' || !isTextual(left, right))) return constant(NaN)
  if (isNumber(left) && isNumber(right)) {
    const result = javascript ? scriptNumber(op, left.value, right.value) : arithmetic(op, left.value, right.value)
    const isFloat = javascript ? undefined : floatOf(op, left, right)
    if (result !== undefined) return isFloat === undefined ? constant(result) : { ...constant(result), isFloat }
    if (right.value === 0 && ['/', '//', '%'].includes(op)) {
      const at = place(scope.program, e.span)
      failPython(m, at, 'ZeroDivisionError', `${left.value} ${op} 0`, undefined, 'division by zero')
    }
  }
  if (left.kind === 'file' && op === '/') return joinPath(m, left, right)
  if (right.kind === 'file' && op === '/') return joinPath(m, { ...right, path: left }, right)
  if (op === '+') {
    if (left.kind === 'list' && right.kind === 'list')
      return list([...left.items, ...right.items], left.shape, left.open || right.open)
    if (isTextual(left, right)) {
      const [a, b] = [left, right].map(javascript ? scriptPartsOf : partsOf)
      if (a && b) return textOf([...a, ...b])
    }
  }
  if (op === '%' && !javascript && (isString(left) || left.kind === 'template')) return percentFormat(m, left, right)
  if (op === '*' && left.kind === 'list' && isNumber(right) && right.value * left.items.length <= 10_000)
    return repeated(left, right.value)
  if (left.kind === 'array' || right.kind === 'array') {
    const at = place(scope.program, e.span)
    if (op === '@')
      return multiply(m, left, right, at, e.kind === 'binary' ? place(scope.program, e.right.span) : undefined)
    return arrayArithmetic(m, op, left, right, at)
  }
  const combined = javascript ? undefined : setOperator(m, op, left, right)
  if (combined) return combined
  if (op === '|' && left.kind === 'dict') {
    const made = dict()
    mergeDict(m, made, left)
    mergeDict(m, made, right)
    return made
  }
  const [a, b] = [identity(left), identity(right)]
  // All but a sum of JavaScript are numbers, whatever they are made of; so is a sum of numbers in either language.
  const isSurely = (javascript && op !== '+') || [left, right].every(isSomeNumber)
  const number = isSurely ? ({ isNumber: true } as const) : {}
  if (a && b && (left.kind === 'unknown' || right.kind === 'unknown')) {
    const linear = linearOf(op, left, right)
    if (linear && linear.scale === 0) return constant(linear.offset)
    const why = 'computed from an unknown'
    if (linear) return { ...derive(m, `${linear.scale}*#${linear.symbol}+${linear.offset}`, why), ...number, linear }
    return { ...derive(m, `${a} ${op} ${b}`, why), ...number }
  }
  return { ...unknown(m, `${op} of values that are not known`), ...number }
}

const repeated = ({ items, shape, open }: ListValue, times: number): Value =>
  list(Array.from({ length: Math.max(0, times) }, () => items).flat(), shape, open)

const isTextual = (...values: readonly Value[]): boolean => values.some(v => isString(v) || v.kind === 'template')

const isNothing = (v: Value): boolean => v.kind === 'const' && v.value === null && v.nothing !== undefined

/** Whether `undefined`, that is sure, stands beside a number or another such. */
function isBesideNothing(...values: readonly Value[]): boolean {
  return values.some(isNothing) && values.every(v => isNothing(v) || isNumber(v) || isString(v))
}

const isSomeNumber = (v: Value): boolean => isNumber(v) || (v.kind === 'unknown' && v.isNumber === true)

/** Arithmetic of JavaScript, which has numbers for what Python refuses. */
function scriptNumber(op: string, a: number, b: number): number | undefined {
  switch (op) {
    case '%':
      return a % b
    case '/':
      return a / b
    case '<<':
      return a << b
    case '>>':
      return a >> b
    case '>>>':
      return a >>> b
    default:
      return arithmetic(op, a, b)
  }
}

/** True and False count as one and nought. */
const isFlag = (v: Value): boolean => v.kind === 'const' && typeof v.value === 'boolean'
const asNumber = (v: Value): Value =>
  v.kind === 'const' && typeof v.value === 'boolean' ? constant(Number(v.value)) : v

/** Whether a number of Python that two others give is a float; undefined where that is not known. */
function floatOf(op: string, left: Value, right: Value & { value: number }): boolean | undefined {
  const [a, b] = [isFraction(left), isFraction(right)]
  if (op === '/' || a === true || b === true) return true
  return a === false && b === false && (op !== '**' || right.value >= 0) ? false : undefined
}

/** Arithmetic with an array; a number beside it keeps what is known of the array. */
function arrayArithmetic(m: Machine, op: string, left: Value, right: Value, at: Place): Value {
  const site = { m, at }
  const name = bitwiseNames[op]
  for (const v of [left, right]) if (name && v.kind === 'array') refuseFloats(site, v, name.replace('_', ' '))
  const single = isNumber(right) ? left : isNumber(left) ? right : undefined
  const result = op === '/' ? asFloat : name?.endsWith('shift') ? shifted : same
  const made = pairwise(site, undefined, left, right, result, undefined, (meet, a, b) =>
    name ? refusedBits(a, b, name) : op === '%' ? refusedDType(meet, 'remainder') : undefined,
  )
  if (!made) return anyArray(m.frame.activation)
  if (single?.kind !== 'array') return made
  // The array stays what it was: where it was loaded, and what may be said of it.
  const dtypes = made.variants
  return mapVariants(
    single,
    (v, i) => ({
      ...v,
      dtype: dtypes[dtypes.length === single.variants.length ? i : 0]?.dtype,
      stored: withOp(v.stored, undefined),
      role: undefined,
    }),
    at,
  )
}

const bitwiseNames: Readonly<Record<string, string>> = {
  '&': 'bitwise_and',
  '|': 'bitwise_or',
  '^': 'bitwise_xor',
  '<<': 'left_shift',
  '>>': 'right_shift',
}

const same = (dtype: string | undefined) => dtype
const flags = () => 'BOOL'

/** Whether an operator compares arrays, element by element. */
const comparesArrays = (op: string, left: Value, right: Value): boolean =>
  /^([<>]=?|[=!]=)$/.test(op) &&
  [left, right].some(v => v.kind === 'array' && (v.library === 'mlx' || v.library === 'numpy'))

const methodNames: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'truediv',
  '//': 'floordiv',
  '%': 'mod',
  '@': 'matmul',
  '|': 'or',
  '&': 'and',
}

/** What a class of the workspace says of an operator. */
function operatorMethod(m: Machine, op: string, left: Value, right: Value): Value | undefined {
  const name = methodNames[op]
  if (name === undefined || (left.kind !== 'instance' && right.kind !== 'instance')) return undefined
  return callMember(m, left, `__${name}__`, [right]) ?? callMember(m, right, `__r${name}__`, [left])
}

/** An unknown as a linear form of itself, a number as its constant. */
function asLinear(v: Value): { symbol: number | undefined; scale: number; offset: number } | undefined {
  if (isNumber(v)) return { symbol: undefined, scale: 0, offset: v.value }
  if (v.kind !== 'unknown') return undefined
  return v.linear ?? { symbol: v.symbol, scale: 1, offset: 0 }
}

/** Sums, differences and multiples of one unknown; undefined for anything else. */
function linearOf(op: string, left: Value, right: Value): Linear | undefined {
  const [a, b] = [asLinear(left), asLinear(right)]
  if (!a || !b) return undefined
  const symbol = a.symbol ?? b.symbol
  if (symbol === undefined || (a.symbol !== undefined && b.symbol !== undefined && a.symbol !== b.symbol))
    return undefined
  if (op === '+') return { symbol, scale: a.scale + b.scale, offset: a.offset + b.offset }
  if (op === '-') return { symbol, scale: a.scale - b.scale, offset: a.offset - b.offset }
  if (op === '*' && a.symbol === undefined) return { symbol, scale: b.scale * a.offset, offset: b.offset * a.offset }
  if (op === '*' && b.symbol === undefined) return { symbol, scale: a.scale * b.offset, offset: a.offset * b.offset }
  return undefined
}

/** Length of a range whose ends are linear in the same unknown. */
export function spanOf(from: Value, to: Value): number | undefined {
  const [a, b] = [asLinear(from), asLinear(to)]
  return a && b && a.symbol === b.symbol && a.scale === b.scale ? b.offset - a.offset : undefined
}

function arithmetic(op: string, a: number, b: number): number | undefined {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return b === 0 ? undefined : a / b
    case '//':
      return b === 0 ? undefined : Math.floor(a / b)
    case '%':
      return b === 0 ? undefined : ((a % b) + b) % b
    case '**':
      return a ** b
    case '<<':
      return a * 2 ** b
    case '>>':
    case '>>>':
      return Math.floor(a / 2 ** b)
    case '&':
      return a & b
    case '|':
      return a | b
    case '^':
      return a ^ b
    default:
      return undefined
  }
}

/** `folder / name` of pathlib and `path.join`. */
export function joinPath(m: Machine, folder: Value, name: Value): Value {
  const base = folder.kind === 'file' ? folder.path : folder
  const [a, b] = [partsOf(base), partsOf(name)]
  if (!a || !b) return { kind: 'file', as: 'path', path: unknown(m, 'path') }
  const absolute = typeof b[0] === 'string' && /^(\/|[A-Za-z]:)/.test(b[0])
  const empty = a.length === 1 && a[0] === ''
  return { kind: 'file', as: 'path', path: textOf(absolute || empty ? b : [...a, '/', ...b]) }
}

function percentFormat(m: Machine, format: Value, values: Value): Value {
  const args = values.kind === 'list' ? [...values.items] : [values]
  const out: Part[] = []
  for (const part of partsOf(format) ?? []) {
    if (typeof part !== 'string') {
      out.push(part)
      continue
    }
    for (const piece of part.split(/(%-?\d*(?:\.\d+)?[sdi]|%%)/)) {
      const [, flag, width] = /^%(-?)(\d*)[sdi]$/.exec(piece) ?? []
      if (piece === '%%') out.push('%')
      else if (flag !== undefined && width !== undefined) {
        const next = args.shift()
        const text = next && partsOf(next)
        if (!text) return unknown(m, '% formatting')
        const [only] = text
        if (width === '') out.push(...text)
        else if (typeof only !== 'string' || text.length > 1) return unknown(m, '% formatting')
        else if (flag === '-') out.push(only.padEnd(Number(width)))
        else out.push(only.padStart(Number(width), width.startsWith('0') ? '0' : ' '))
      } else if (piece.includes('%')) return unknown(m, '% formatting')
      else out.push(piece)
    }
  }
  return textOf(out)
}

export function unary(m: Machine, op: string, given: Value, javascript: boolean): Value {
  const v = javascript && op !== 'not' ? primitive(m, given, 'number') : given
  if (op === 'not') {
    const known = truth(v, javascript)
    return known === undefined ? unknown(m, 'not of an unknown') : constant(!known)
  }
  if (javascript && isString(v)) return constant(op === '-' ? -Number(v.value) : Number(v.value))
  if (isNumber(v)) {
    const isFloat = javascript ? undefined : isFraction(v)
    return { ...constant(op === '-' ? -v.value : op === '~' ? ~v.value : v.value), isFloat }
  }
  if (v.kind === 'array') return mapVariants(v, x => ({ ...x, stored: withOp(x.stored, undefined), role: undefined }))
  return unknown(m, `${op} of a value that is not known`)
}

export function compare(m: Machine, op: string, left: Value, right: Value, at: Place): Value {
  const javascript = at.program.language !== 'python'
  const compared = !javascript && comparesArrays(op, left, right)
  const array = compared ? pairwise({ m, at }, undefined, left, right, flags) : undefined
  if (array) return array
  const optional = isOptional(left) || isOptional(right)
  const [a, b] = javascript ? [leftOut(left, right), leftOut(right, left)] : [otherwiseOf(left), otherwiseOf(right)]
  const given = a === left && b === right ? undefined : compare(m, op, a, b, at)
  const otherwise = given?.kind === 'const' ? { otherwise: given } : {}
  const answer = (known: boolean | undefined) =>
    known !== undefined
      ? constant(known)
      : { ...unknown(m, `${op} of unknown values`), ...(optional ? { optional } : {}), ...otherwise }
  switch (op) {
    case 'in':
      return answer(has(m, right, left, javascript))
    case 'not in': {
      const known = has(m, right, left, javascript)
      return answer(known === undefined ? undefined : !known)
    }
    case '==':
    case 'is':
      return answer(alike(left, right))
    case '!=':
    case 'is not': {
      const known = alike(left, right)
      return answer(known === undefined ? undefined : !known)
    }
    case 'instanceof':
      return answer(isInstance(left, right))
    default:
      // `undefined` is no number, and no number is more or less than that.
      if (
        javascript &&
        [left, right].some(isNothing) &&
        [left, right].every(v => v.kind === 'const' || isSomeNumber(v))
      )
        return constant(false)
      if (left.kind !== 'const' || right.kind !== 'const' || left.value === null || right.value === null)
        return answer(comparedRanges(op, rangeOf(m, left), rangeOf(m, right)))
      if (typeof left.value !== typeof right.value) return answer(undefined)
      return constant(
        op === '<'
          ? left.value < right.value
          : op === '<='
            ? left.value <= right.value
            : op === '>'
              ? left.value > right.value
              : left.value >= right.value,
      )
  }
}

/** What JavaScript compares with something that is sure where a value is not given: `undefined`, or what it is then. */
const leftOut = (v: Value, other: Value): Value =>
  v.kind === 'unknown' && v.optional && !v.otherwise && other.kind === 'const' ? nothing : otherwiseOf(v)

/** The least and the most that a number can be: one of a range, or one that is known. */
function rangeOf(m: Machine, v: Value): readonly [number, number] | undefined {
  if (isNumber(v)) return [v.value, v.value]
  const range = v.kind === 'unknown' ? m.ranges.get(v.symbol) : undefined
  if (!range) return undefined
  const last = range.first + range.step * (range.count - 1)
  return [Math.min(range.first, last), Math.max(range.first, last)]
}

type Bounds = ReturnType<typeof rangeOf>

/** What a comparison gives for all numbers of two ranges; undefined where it depends on the number. */
function comparedRanges(op: string, left: Bounds, right: Bounds): boolean | undefined {
  if (!left || !right) return undefined
  if (op === '>' || op === '>=') return comparedRanges(op === '>' ? '<' : '<=', right, left)
  const [isSure, isOut] =
    op === '<' ? [left[1] < right[0], left[0] >= right[1]] : [left[1] <= right[0], left[0] > right[1]]
  return isSure ? true : isOut ? false : undefined
}
