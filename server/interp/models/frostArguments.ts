// What `@frost-beta/mlx` 0.0.7 asks of its arguments before MLX sees them, as measured with Node 20: how many there are,
// and that arrays are arrays and whole numbers are numbers. `undefined` is neither, which is how a tensor that the
// checkpoint does not hold shows.

import { itemsOf } from '../run/expressions'
import type { LibraryCall } from '../run/libraryCall'
import { failScript, useOfNothing } from '../run/scriptRefusals'
import { isSureNone, isUndefined, type Value } from '../values/value'
import type { LibraryModel } from './index'

interface Signature {
  /** How many arguments there must be. */
  readonly count: number
  /** Positions of arrays; a list of arrays is written as such. */
  readonly arrays: readonly number[]
  /** Numbers stand for arrays as well. */
  readonly isVariant?: boolean
  readonly lists?: readonly number[]
  readonly numbers?: readonly number[]
  /** Numbers that need not be whole. */
  readonly floats?: readonly number[]
  readonly texts?: readonly number[]
  /** What may be a number or a list of them. */
  readonly either?: readonly number[]
  readonly flags?: readonly number[]
  /** Lists of sizes. */
  readonly shapes?: readonly number[]
}

const of = (names: string, signature: Signature) => names.split(' ').map(name => [name, signature] as const)

const signatures = new Map<string, Signature>([
  ...of('dequantize', { count: 5, arrays: [0, 1, 2], numbers: [3, 4] }),
  ...of('quantize', { count: 3, arrays: [0], numbers: [1, 2] }),
  ...of('quantizedMatmul', { count: 7, arrays: [0, 1, 2, 3], flags: [4], numbers: [5, 6] }),
  ...of('matmul inner outer', { count: 2, arrays: [0, 1] }),
  ...of('addmm', { count: 3, arrays: [0, 1, 2] }),
  ...of('add subtract multiply divide maximum minimum power floorDivide remainder logaddexp', {
    count: 2,
    arrays: [0, 1],
    isVariant: true,
  }),
  ...of('equal notEqual less lessEqual greater greaterEqual logicalAnd logicalOr arctan2', {
    count: 2,
    arrays: [0, 1],
  }),
  ...of('exp log log2 log10 log1p expm1 sqrt rsqrt square abs negative sigmoid tanh sin cos erf sign floor ceil', {
    count: 1,
    arrays: [0],
  }),
  ...of('sum prod mean variance max min argmax argmin logsumexp softmax cumsum sort argsort all any', {
    count: 1,
    arrays: [0],
  }),
  ...of('concatenate stack', { count: 1, arrays: [], lists: [0] }),
  ...of('transpose flatten squeeze', { count: 1, arrays: [0] }),
  ...of('reshape', { count: 2, arrays: [0], shapes: [1] }),
  ...of('zeros ones', { count: 1, arrays: [], shapes: [0] }),
  ...of('full', { count: 2, arrays: [], shapes: [0] }),
  ...of('split expandDims tile pad', { count: 2, arrays: [0], either: [1] }),
  ...of('broadcastTo', { count: 2, arrays: [0], shapes: [1] }),
  ...of('repeat topk', { count: 2, arrays: [0], numbers: [1] }),
  ...of('swapaxes moveaxis', { count: 3, arrays: [0], numbers: [1, 2] }),
  ...of('load', { count: 1, arrays: [], texts: [0] }),
  ...of('arange', { count: 1, arrays: [], floats: [0] }),
  ...of('linspace', { count: 2, arrays: [], floats: [0, 1] }),
  ...of('take', { count: 2, arrays: [0, 1] }),
  ...of('where', { count: 3, arrays: [0, 1, 2] }),
  ...of('conv1d', { count: 6, arrays: [0, 1] }),
  ...of('conv2d', { count: 2, arrays: [0, 1] }),
  ...of('fast.rmsNorm', { count: 3, arrays: [0, 1], floats: [2] }),
  ...of('fast.layerNorm', { count: 4, arrays: [0], floats: [3] }),
  ...of('fast.rope', { count: 6, arrays: [0], numbers: [1, 5], floats: [3, 4] }),
  ...of('fast.scaledDotProductAttention', { count: 4, arrays: [0, 1, 2], floats: [3] }),
])

const prefix = 'frost.core.'

/** A call that raises for its arguments alone gives nothing; the rest is for the model. */
function checked(name: string, model: (c: LibraryCall) => Value): (c: LibraryCall) => Value {
  const signature = signatures.get(name)
  if (!signature) return model
  return c => {
    if (!c.args.open && c.name.startsWith(prefix)) check(c, signature)
    return model(c)
  }
}

function check(
  c: LibraryCall,
  {
    count,
    arrays,
    isVariant,
    lists = [],
    numbers = [],
    floats = [],
    texts = [],
    either = [],
    flags = [],
    shapes = [],
  }: Signature,
): void {
  const given = c.args.positional
  if (given.length < count) {
    const found = `${given.length} argument${given.length === 1 ? '' : 's'}`
    failScript(c.m, c.at, 'TypeError', found, String(count), 'Insufficient number of arguments.')
    return
  }
  const wrong = (position: number, what: string, type: string, v: Value | undefined): boolean => {
    if (!v) return false
    if (useOfNothing(c.m, v)) return true
    const name = nameOf(v)
    const from = typeNames[v.kind] ?? (v.kind === 'const' ? (v.value === null ? name : 'String') : undefined)
    const text = from && `Error processing argument at index ${position}, conversion failure from ${from} to ${type}.`
    return failScript(c.m, c.at, 'TypeError', `argument ${position + 1} is ${name}`, what, text)
  }
  const at = (position: number) => given[position]?.value
  for (const p of arrays) if (isNoArray(at(p)) && wrong(p, 'an array', isVariant ? 'Variant' : 'array', at(p))) return
  for (const p of lists) {
    const list = at(p)
    const bad = list && itemsOf(c.m, list)?.find(isNoArray)
    if (!bad || useOfNothing(c.m, bad)) continue
    const text = `Error processing argument at index ${p}, conversion failure from Array to Array.`
    failScript(c.m, c.at, 'TypeError', `one of the arrays is ${nameOf(bad)}`, 'arrays alone', text)
    return
  }
  for (const p of shapes) {
    const list = at(p)
    const bad = list?.kind === 'list' ? itemsOf(c.m, list)?.find(isSurelyNothing) : undefined
    if (bad && failScript(c.m, c.at, 'TypeError', `one of the sizes is ${nameOf(bad)}`, 'numbers', undefined)) return
  }
  for (const p of numbers) if (isNo(at(p), 'number') && wrong(p, 'a number', 'Integer', at(p))) return
  for (const p of floats) if (isNo(at(p), 'number') && wrong(p, 'a number', 'Number', at(p))) return
  for (const p of texts) if (isNo(at(p), 'string') && wrong(p, 'a path', 'String', at(p))) return
  for (const p of either) {
    const v = at(p)
    if (v && isSurelyNothing(v) && wrong(p, 'a number or numbers', 'Variant', v)) return
  }
  for (const p of flags) if (isNo(at(p), 'boolean') && wrong(p, 'true or false', 'Boolean', at(p))) return
}

const isSurelyNothing = (v: Value): boolean => isSureNone(v)

/** Whether a value is no array for sure; numbers are taken for arrays nearly everywhere. */
const isNoArray = (v: Value | undefined): boolean =>
  v !== undefined &&
  (isSurelyNothing(v) ||
    v.kind === 'dict' ||
    (v.kind === 'const' && typeof v.value === 'string') ||
    // A list of numbers is made an array, a list of arrays is not.
    (v.kind === 'list' && v.items.some(item => item.kind === 'array' || isSurelyNothing(item))))

const isNo = (v: Value | undefined, type: 'number' | 'boolean' | 'string'): boolean =>
  v !== undefined &&
  (isSurelyNothing(v) ||
    v.kind === 'array' ||
    (v.kind === 'const' &&
      v.value !== null &&
      typeof v.value !== type &&
      !(type === 'boolean' && typeof v.value === 'number')))

const typeNames: Readonly<Record<string, string>> = { list: 'Array', dict: 'Object' }

/** A value as the program writes it, `null` and `undefined` told apart where it does. */
function nameOf(v: Value): string {
  if (v.kind === 'array') return 'an array'
  if (v.kind !== 'const') return v.kind === 'dict' ? 'an object' : `a ${v.kind}`
  if (v.value !== null) return JSON.stringify(v.value)
  return isUndefined(v) ? 'undefined' : 'null'
}

/** The models of a library with the checks of their arguments before them. */
export const withChecks = (calls: LibraryModel['calls']): LibraryModel['calls'] =>
  Object.fromEntries(Object.entries(calls).map(([name, model]) => [name, checked(name.slice(prefix.length), model)]))
