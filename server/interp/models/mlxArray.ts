// Methods of arrays, the same for MLX, NumPy and PyTorch as far as shapes go. Attributes (`T`, `shape`) are in members.ts.

import { anyArray, changed, contiguous, moveAxis, reshape, swapAxes, transpose } from '../arrays'
import { type DType, dtypeBits } from '../../checkpoint/dtype'
import type { LibraryCall } from '../calls'
import { itemsOf } from '../expressions'
import { type ArrayValue, isNumber, none, type Value } from '../value'
import { split } from './joining'
import type { LibraryModel } from './index'

type Operation = (c: LibraryCall, array: ArrayValue, args: readonly Value[]) => Value

/** Axes or sizes given one by one or as one list; undefined where one is not known. */
export function numbersOf(c: LibraryCall, args: readonly Value[]): readonly number[] | undefined {
  const only = args.length === 1 ? args[0] : undefined
  const values = only?.kind === 'list' ? itemsOf(c.m, only) : args
  const numbers = values?.map(v => (isNumber(v) ? v.value : undefined))
  return numbers?.every(n => n !== undefined) ? (numbers as number[]) : undefined
}

const lost = (c: LibraryCall): Value => anyArray(c.m.frame.activation)
const pair = (c: LibraryCall, args: readonly Value[]) => {
  const [a, b] = numbersOf(c, args) ?? []
  return a !== undefined && b !== undefined ? ([a, b] as const) : undefined
}

/** What an operation does to an array; as a method (`a.transpose(1, 0)`) and as a function (`mx.transpose(a, …)`). */
export const operations: Readonly<Record<string, Operation>> = {
  transpose: (c, array, args) => {
    const axesGiven = c.args.keywords.get('axes')
    const given = axesGiven ? [axesGiven.value] : args
    if (given.length === 0) return transpose(array, undefined, c.at)
    const axes = numbersOf(c, given)
    return axes ? transpose(array, axes, c.at) : lost(c)
  },
  swapaxes: (c, array, args) => {
    const axes = pair(c, args)
    return axes ? swapAxes(array, ...axes, c.at) : lost(c)
  },
  moveaxis: (c, array, args) => {
    const axes = pair(c, args)
    return axes ? moveAxis(array, ...axes, c.at) : lost(c)
  },
  reshape: (c, array, args) => {
    const only = args.length === 1 ? args[0] : undefined
    const sizes = only?.kind === 'list' ? itemsOf(c.m, only) : args
    return sizes
      ? reshape(
          array,
          sizes.map(s => (isNumber(s) ? s.value : undefined)),
          c.at,
        )
      : lost(c)
  },
  contiguous: (c, array) => contiguous(array, c.at),
  expand_dims: (c, array, args) => {
    const axes = numbersOf(c, args)
    return axes?.length === 1 ? insertAxis(array, axes[0] ?? 0, c) : lost(c)
  },
  squeeze: (c, array, args) => {
    const axes = numbersOf(c, args)
    return axes?.length === 1 ? removeAxis(array, axes[0] ?? 0, c) : lost(c)
  },
  flatten: (c, array, args) => (args.length === 0 && c.args.keywords.size === 0 ? reshape(array, [-1], c.at) : lost(c)),
  astype: (c, array, args) => castTo(c, array, args[0] ?? c.get(-1, 'dtype')),
  view: (c, array, args) => viewAs(c, array, args[0] ?? c.get(-1, 'dtype')),
}

/** Shapes of an operation on single axes, which must be the same for every reading. */
function withAxes(
  c: LibraryCall,
  array: ArrayValue,
  f: (shape: readonly (number | undefined)[]) => readonly (number | undefined)[] | undefined,
): Value {
  const shapes = array.variants.map(v => v.shape && f(v.shape))
  const first = shapes[0]
  return first && shapes.every(s => s && s.length === first.length && s.every((d, i) => d === first[i]))
    ? reshape(array, first, c.at)
    : lost(c)
}

const insertAxis = (array: ArrayValue, axis: number, c: LibraryCall) =>
  withAxes(c, array, shape => {
    const at = axis < 0 ? axis + shape.length + 1 : axis
    return [...shape.slice(0, at), 1, ...shape.slice(at)]
  })

const removeAxis = (array: ArrayValue, axis: number, c: LibraryCall) =>
  withAxes(c, array, shape => {
    const at = axis < 0 ? axis + shape.length : axis
    return shape[at] === 1 ? shape.filter((_, i) => i !== at) : undefined
  })

/** `view` keeps the bytes: the last axis grows or shrinks with the width of the dtype. */
function viewAs(c: LibraryCall, array: ArrayValue, dtype: Value | undefined): Value {
  const name = dtype?.kind === 'library' ? dtypeNames[dtype.name.replace(/^.*\./, '')] : undefined
  if (!name) return lost(c)
  const bits = dtypeBits[name as DType]
  const variants = array.variants.map(v => {
    const from = v.dtype !== undefined && v.dtype in dtypeBits ? dtypeBits[v.dtype as DType] : undefined
    const last = v.shape?.[v.shape.length - 1]
    const size = from !== undefined && last !== undefined ? (last * from) / bits : undefined
    const stored = v.stored && { ...v.stored, ops: undefined }
    return {
      ...v,
      shape: v.shape && [...v.shape.slice(0, -1), size !== undefined && Number.isInteger(size) ? size : undefined],
      dtype: name,
      stored,
    }
  })
  return { ...array, variants, at: c.at, handedOver: undefined }
}

function castTo(c: LibraryCall, array: ArrayValue, dtype: Value | undefined): Value {
  const name = dtype?.kind === 'library' ? dtype.name.replace(/^.*\./, '') : undefined
  const stored = name ? dtypeNames[name] : undefined
  return array.variants.every(v => v.dtype !== undefined && v.dtype === stored)
    ? { ...array, at: c.at }
    : changed(array, stored, c.at)
}

/** MLX's and NumPy's dtype names as safetensors writes them. */
const dtypeNames: Readonly<Record<string, string>> = {
  float16: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int64: 'I64',
  bool_: 'BOOL',
}

const asMethod =
  (operation: Operation) =>
  (c: LibraryCall): Value =>
    c.self?.kind === 'array'
      ? operation(
          c,
          c.self,
          c.args.positional.map(a => a.value),
        )
      : lost(c)

/** The same operation as a function of its array. */
export const asFunction =
  (operation: Operation) =>
  (c: LibraryCall): Value => {
    const [array, ...args] = c.args.positional.map(a => a.value)
    return array?.kind === 'array' ? operation(c, array, args) : lost(c)
  }

export const mlxArray: LibraryModel = {
  calls: {
    ...Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => [`array.${name}`, asMethod(operation)]),
    ),
    'array.numpy': c => c.self ?? none,
    'array.detach': c => c.self ?? none,
    'array.cpu': c => c.self ?? none,
    'array.clone': c => c.self ?? none,
    'array.t': c => (c.self?.kind === 'array' ? transpose(c.self, undefined, c.at) : lost(c)),
    'array.permute': asMethod((c, array, args) => {
      const axes = numbersOf(c, args)
      return axes ? transpose(array, axes, c.at) : lost(c)
    }),
    'array.split': split,
    'array.item': lost,
    'array.tolist': lost,
  },
}
