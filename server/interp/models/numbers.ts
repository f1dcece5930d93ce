// Numbers of Python: the math module and the built-in functions of numbers, of arguments that are known.

import type { LibraryCall } from '../run/libraryCall'
import { unknown } from '../run/machine'
import { constant, isNumber, list, type Value } from '../values/value'
import type { LibraryModel } from './index'

const known =
  (f: (...numbers: number[]) => number | undefined, isFloat?: boolean) =>
  (c: LibraryCall): Value => {
    const numbers = c.args.positional.map(a => (isNumber(a.value) ? a.value.value : undefined))
    const result =
      c.args.open || numbers.includes(undefined) || numbers.length === 0 ? undefined : f(...(numbers as number[]))
    return result === undefined || !Number.isFinite(result) ? unknown(c.m, c.name) : { ...constant(result), isFloat }
  }

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))

/** Rounds half to even, as Python does. */
function round(value: number, digits = 0): number | undefined {
  if (digits !== 0) return undefined
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

const quotient = (a: number, b: number) => (b === 0 ? undefined : Math.floor(a / b))

/** A method of a number that is known. */
const ofNumber =
  (f: (n: number) => Value | undefined) =>
  (c: LibraryCall): Value =>
    (c.self && isNumber(c.self) && f(c.self.value)) || unknown(c.m, c.name)

export const numbers: LibraryModel = {
  calls: {
    'number.is_integer': ofNumber(n => constant(Number.isInteger(n))),
    'number.bit_length': ofNumber(n =>
      Number.isInteger(n) ? constant(n === 0 ? 0 : Math.abs(n).toString(2).length) : undefined,
    ),
    'math.sqrt': known(Math.sqrt, true),
    'math.floor': known(Math.floor),
    'math.ceil': known(Math.ceil),
    'math.trunc': known(Math.trunc),
    'math.log': known((value, base) => (base === undefined ? Math.log(value) : Math.log(value) / Math.log(base)), true),
    'math.log2': known(Math.log2, true),
    'math.log10': known(Math.log10, true),
    'math.exp': known(Math.exp, true),
    'math.pow': known(Math.pow, true),
    'math.fabs': known(Math.abs, true),
    'math.gcd': known((...all) => all.reduce(gcd, 0)),
    'math.lcm': known((...all) => all.reduce((a, b) => (a * b) / (gcd(a, b) || 1), 1)),
    'math.isqrt': known(value => Math.floor(Math.sqrt(value))),
    'math.prod': c => {
      const over = c.get(0)
      const items = over?.kind === 'list' && !over.open ? over.items : undefined
      return items?.every(isNumber)
        ? constant(items.reduce((product, item) => product * item.value, 1))
        : unknown(c.m, c.name)
    },
    'py.round': known(round),
    'py.pow': known((base, exponent, modulus) => (modulus === undefined ? base ** exponent : undefined)),
    'py.divmod': c => {
      const [a, b] = c.args.positional.map(({ value }) => (isNumber(value) ? value.value : undefined))
      const whole = a === undefined || b === undefined ? undefined : quotient(a, b)
      return a === undefined || b === undefined || whole === undefined
        ? unknown(c.m, 'divmod')
        : list([constant(whole), constant(a - whole * b)], 'tuple')
    },
  },
  properties: {
    'math.pi': () => constant(Math.PI),
    'math.e': () => constant(Math.E),
    'math.inf': () => constant(Infinity),
  },
}
