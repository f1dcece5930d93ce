// Operations that move the elements of an array, as methods and as functions, the same for MLX, NumPy and PyTorch as far as
// shapes go. Attributes (`T`, `shape`) are in members.ts; what computes with the elements is in elementwise.ts.

import { anyArray, changed, contiguous, permuted, reshaped, reversed, withOp } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { type DType, dtypeBits } from '../../checkpoint/dtype'
import { itemsOf } from '../run/expressions'
import { change, refuse } from '../run/operate'
import { onlyReading } from '../values/readings'
import { broadcastTo } from '../shapes/elementwise'
import { headsAfterReshape } from '../arrays/heads'
import * as rearrange from '../shapes/rearrange'
import { Refused, type Shape, type ShapeResult } from '../shapes/shape'
import { type ArrayValue, isNumber, none, type Value } from '../values/value'
import { failScript, useOfNothing } from '../run/scriptRefusals'
import {
  argument,
  dtypeOf,
  isFraction,
  isNone,
  libraryCalled,
  lost,
  nestedShape,
  numberOf,
  whole,
  numbers,
  numbersOf,
  type Operation,
  sizes,
  without,
} from './arguments'
import { split } from './joining'
import type { LibraryModel } from './index'

export { numbersOf } from './arguments'

/** Axes in an order that depends on the rank. */
const reorder = (c: LibraryCall, array: ArrayValue, order: (rank: number) => readonly number[] | Refused): ArrayValue =>
  change(c, array, v => {
    if (!v.shape) return { ...v, stored: withOp(v.stored, undefined), decoded: undefined }
    const found = order(v.shape.length)
    return found instanceof Refused ? found : permuted(v, found)
  })

/** Another shape for the same elements. */
const shapeTo = (c: LibraryCall, array: ArrayValue, f: (shape: Shape) => ShapeResult): ArrayValue =>
  change(c, array, v => {
    const made = v.shape && f(v.shape)
    return made instanceof Refused ? made : reshaped(v, made)
  })

/** Other elements or more of them: no longer what is stored. */
const remade = (c: LibraryCall, array: ArrayValue, f: (shape: Shape) => ShapeResult): ArrayValue =>
  change(c, array, v => {
    const made = v.shape && f(v.shape)
    return made instanceof Refused ? made : { readings: v.readings, shape: made, dtype: v.dtype }
  })

function transposed(c: LibraryCall, array: ArrayValue, args: readonly Value[]): Value {
  const axesGiven = c.args.keywords.get('axes')
  const given = axesGiven ? [axesGiven.value] : args
  if (given.length === 0 || (given.length === 1 && isNone(given[0]))) return reversed(array, c.at)
  const axes = numbersOf(c, given)
  if (!axes) return lost(c)
  // No axes are all of them to the binding for Node.
  if (c.javascript && axes.length === 0) return reversed(array, c.at)
  const [a, b] = axes
  if (array.library === 'torch' && axes.length === 2 && a !== undefined && b !== undefined)
    return reorder(c, array, rank => rearrange.swapOrder(rank, a, b))
  return reorder(c, array, rank => rearrange.orderOf(rank, axes))
}

function reshapeTo(c: LibraryCall, array: ArrayValue, args: readonly Value[]): Value {
  const named = argument(c, [], 0, 'shape', 'newshape')
  const only = named ?? (args.length === 1 ? args[0] : undefined)
  // One argument that is not known may be a size or all of them.
  if (only?.kind === 'unknown' && !only.isNumber) return { ...anyArray(c.m.frame.activation), library: array.library }
  const given = only?.kind === 'list' ? itemsOf(c.m, only) : only ? [only] : args
  if (!given) return lost(c)
  const fraction = given.find(v => isFraction(v))
  if (fraction && isNumber(fraction) && !c.javascript) {
    const text = 'std::bad_cast'
    refuse(
      c,
      new Refused(`size ${fraction.value} is a float`, 'whole numbers', text, 'RuntimeError'),
      [],
      array.library,
    )
  }
  // The binding for Node wants a list where there is one size.
  if (c.javascript && only && isNumber(only)) {
    const text = `Error processing argument at index ${c.self ? 0 : 1}, conversion failure from Number to Shape.`
    failScript(c.m, c.at, 'TypeError', `the size ${only.value}`, 'a list of sizes', text)
  }
  const nothing = c.javascript ? given.find(v => v.kind === 'const' && v.value === null && v.nothing) : undefined
  if (nothing && !useOfNothing(c.m, nothing)) {
    const text = `Error processing argument at index ${given.indexOf(nothing)}, conversion failure from undefined to Integer.`
    failScript(
      c.m,
      c.at,
      'TypeError',
      'one of the sizes is undefined',
      'numbers',
      only?.kind === 'list' ? undefined : text,
    )
  }
  const to = given.map(whole(c))
  return change(c, array, v => {
    const made = rearrange.reshape(v.shape, to)
    if (made instanceof Refused) return made
    return { ...reshaped(v, made), heads: headsAfterReshape(c.m, v, made, given, c.at) }
  })
}

/** `view` keeps the bytes: the last axis grows or shrinks with the width of the dtype. PyTorch's is a reshape. */
function viewAs(c: LibraryCall, array: ArrayValue, args: readonly Value[]): Value {
  const given = argument(c, args, 0, 'dtype')
  const name = dtypeOf(given)
  if (!name) return array.library === 'torch' ? reshapeTo(c, array, args) : lost(c)
  const bits = dtypeBits[name as DType]
  return change(c, array, v => {
    const from = v.dtype !== undefined && v.dtype in dtypeBits ? dtypeBits[v.dtype as DType] : undefined
    const shape = v.shape && from !== undefined ? rearrange.view(v.shape, from, bits) : unknownLast(v.shape)
    if (shape instanceof Refused) return shape
    return { ...v, shape, dtype: name, stored: withOp(v.stored, undefined) }
  })
}

const unknownLast = (shape: Shape | undefined) => shape && [...shape.slice(0, -1), undefined]

function castTo(c: LibraryCall, array: ArrayValue, args: readonly Value[]): Value {
  const stored = dtypeOf(argument(c, args, 0, 'dtype'))
  return array.variants.every(v => v.dtype !== undefined && v.dtype === stored)
    ? { ...array, at: c.at }
    : changed(array, stored, c.at)
}

function flattened(c: LibraryCall, array: ArrayValue, args: readonly Value[]): Value {
  const [start, end] = [argument(c, args, 0, 'start_axis', 'order'), argument(c, args, 1, 'end_axis')]
  const [from, to] = [start === undefined ? 0 : numberOf(start), end === undefined ? -1 : numberOf(end)]
  return from === undefined || to === undefined ? lost(c) : shapeTo(c, array, s => rearrange.flatten(s, from, to))
}

function padded(c: LibraryCall, array: ArrayValue, args: readonly Value[]): Value {
  const given = argument(c, args, 0, 'pad_width')
  const one = numberOf(given)
  const items = given?.kind === 'list' ? itemsOf(c.m, given) : undefined
  const pairs = items?.map(item => numbers(c, item))
  const flat = numbers(c, given)
  return remade(c, array, shape => {
    if (one !== undefined)
      return rearrange.pad(
        shape,
        shape.map(() => [one, one] as const),
      )
    if (flat?.length === 2)
      return rearrange.pad(
        shape,
        shape.map(() => [flat[0] ?? 0, flat[1] ?? 0] as const),
      )
    if (!pairs?.every(p => p?.length === 2)) return shape.map(() => undefined)
    return rearrange.pad(
      shape,
      pairs.map(p => [p?.[0] ?? 0, p?.[1] ?? 0] as const),
    )
  })
}

/** What an operation does to an array; as a method (`a.transpose(1, 0)`) and as a function (`mx.transpose(a, …)`). */
export const operations: Readonly<Record<string, Operation>> = {
  transpose: transposed,
  permute_dims: transposed,
  swapaxes: (c, array, args) => {
    const [a, b] = [numberOf(argument(c, args, 0, 'axis1')), numberOf(argument(c, args, 1, 'axis2'))]
    return a !== undefined && b !== undefined ? reorder(c, array, r => rearrange.swapOrder(r, a, b)) : lost(c)
  },
  moveaxis: (c, array, args) => {
    const [a, b] = [numberOf(argument(c, args, 0, 'source')), numberOf(argument(c, args, 1, 'destination'))]
    return a !== undefined && b !== undefined ? reorder(c, array, r => rearrange.moveOrder(r, a, b)) : lost(c)
  },
  reshape: reshapeTo,
  contiguous: (c, array) => contiguous(array, c.at),
  expand_dims: (c, array, args) => {
    const axes = numbers(c, argument(c, args, 0, 'axis'))
    return axes ? shapeTo(c, array, s => rearrange.expandDims(s, axes)) : lost(c)
  },
  squeeze: (c, array, args) => {
    const given = argument(c, args, 0, 'axis')
    const axes = isNone(given) ? undefined : numbers(c, given)
    return isNone(given) || axes ? shapeTo(c, array, s => rearrange.squeeze(s, axes)) : lost(c)
  },
  flatten: flattened,
  ravel: (c, array) => shapeTo(c, array, s => rearrange.flatten(s, 0, -1)),
  unflatten: (c, array, args) => {
    const [axis, shape] = [numberOf(argument(c, args, 0, 'axis')), sizes(c, argument(c, args, 1, 'shape'))]
    return axis !== undefined && shape ? shapeTo(c, array, s => rearrange.unflatten(s, axis, shape)) : lost(c)
  },
  astype: castTo,
  view: viewAs,
  broadcast_to: (c, array, args) => {
    const to = sizes(c, argument(c, args, 0, 'shape'))
    return to ? remade(c, array, s => broadcastTo(s, to)) : lost(c)
  },
  tile: (c, array, args) => {
    const times = numbers(c, argument(c, args, 0, 'reps'))
    return times ? remade(c, array, s => rearrange.tile(s, times)) : lost(c)
  },
  repeat: (c, array, args) => {
    const given = argument(c, args, 1, 'axis')
    const [times, axis] = [numberOf(argument(c, args, 0, 'repeats')), numberOf(given)]
    if (times === undefined || (!isNone(given) && axis === undefined) || array.library === 'torch') return lost(c)
    return remade(c, array, s => rearrange.repeat(s, times, axis))
  },
  pad: padded,
}

const asMethod =
  (operation: Operation) =>
  (c: LibraryCall): Value =>
    c.self?.kind === 'array' && !c.args.open
      ? operation(
          c,
          c.self,
          c.args.positional.map(a => a.value),
        )
      : lost(c)

/** The methods of a table, under which arrays of all libraries have them. */
export const methods = (table: Readonly<Record<string, Operation>>): LibraryModel['calls'] =>
  Object.fromEntries(Object.entries(table).map(([name, operation]) => [`array.${name}`, asMethod(operation)]))

/** The same operation as a function of its array; a list or a number is one as well. */
export const asFunction =
  (operation: Operation) =>
  (c: LibraryCall): Value => {
    if (c.args.open) return { ...anyArray(c.m.frame.activation), library: libraryCalled(c.name) }
    const named = c.args.keywords.get('a') ?? c.args.keywords.get('x')
    const positional = c.args.positional.map(a => a.value)
    const [array, args] = named ? [named.value, positional] : [positional[0], positional.slice(1)]
    const library = libraryCalled(c.name)
    if (array?.kind === 'array') return operation(c, library ? { ...array, library } : array, args)
    if (array?.kind === 'list') {
      const shape = nestedShape(c, array)
      if (shape)
        return operation(
          c,
          {
            ...anyArray(c.m.frame.activation),
            library,
            variants: [{ readings: onlyReading, shape, dtype: undefined }],
          },
          args,
        )
    }
    const isScalar = array && (isNumber(array) || (array.kind === 'unknown' && array.isNumber))
    if (isScalar && args[0]?.kind === 'array') {
      const number = [{ readings: onlyReading, shape: [], dtype: undefined }]
      return operation(c, { ...anyArray(c.m.frame.activation), library, variants: number }, args)
    }
    return { ...anyArray(c.m.frame.activation), library }
  }

const itself = (c: LibraryCall): Value => c.self ?? none

export const mlxArray: LibraryModel = {
  calls: {
    ...methods(without(operations, 'permute_dims expand_dims pad')),
    'array.numpy': c => (c.self?.kind === 'array' ? { ...c.self, library: 'numpy' } : itself(c)),
    'array.detach': itself,
    'array.cpu': itself,
    'array.clone': itself,
    'array.copy': itself,
    'array.contiguous': itself,
    'array.t': c => (c.self?.kind === 'array' ? reversed(c.self, c.at) : lost(c)),
    'array.permute': asMethod((c, array, args) => {
      const axes = numbersOf(c, args)
      return axes ? reorder(c, array, rank => rearrange.orderOf(rank, axes)) : lost(c)
    }),
    'array.split': split,
  },
}
