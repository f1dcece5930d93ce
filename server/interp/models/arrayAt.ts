// `x.at[…].add(update)` of MLX: the array with an update at some of its places, which must broadcast to what the index takes.
// Source: python/src/array.cpp and indexing.cpp of MLX 0.32.4, measured.

import { withOp } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { operate } from '../run/operate'
import { broadcast } from '../shapes/elementwise'
import { type Dims, mlxShow, Refused, type Shape, show } from '../shapes/shape'
import { type ArrayValue, constant, type InstanceValue, none, truth, type Value } from '../values/value'
import { asArray, lost } from './arguments'
import type { LibraryModel } from './index'

const className = 'mlx.core.ArrayAt'

/** `x.at`, before an index is given. */
export const arrayAt = (array: ArrayValue): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name: className },
  attributes: new Map<string, Value>([['array', array]]),
})

/** The array behind `x.at`, if a value is that. */
export function arrayOfAt(v: Value): ArrayValue | undefined {
  const array = v.kind === 'instance' && v.of.kind === 'library' && v.of.name === className && v.attributes.get('array')
  return array && array.kind === 'array' ? array : undefined
}

/** `x.at[…]`: the array and what its index takes; of a number alone MLX speaks as of one row. */
export const partAt = (array: ArrayValue, part: Value, isRow: boolean): InstanceValue => ({
  ...arrayAt(array),
  attributes: new Map<string, Value>([
    ['array', array],
    ['part', part],
    ['row', constant(isRow)],
  ]),
})

function updated(c: LibraryCall): Value {
  const [array, part, row] = ['array', 'part', 'row'].map(name =>
    c.self?.kind === 'instance' ? c.self.attributes.get(name) : undefined,
  )
  const update = asArray(c, c.get(0, 'value'))
  if (array?.kind !== 'array' || part?.kind !== 'array' || !update || c.args.open) return lost(c)
  const isRow = truth(row ?? none, false) === true
  return operate(
    c,
    [array, part, update],
    ([v, p, u]) => {
      const bad = refusedUpdate(u?.shape, p?.shape, isRow)
      return bad ?? { shape: v?.shape, dtype: v?.dtype, stored: withOp(v?.stored, undefined) }
    },
    array.library,
  )
}

/** An update may have more ones in front than the part has axes, and must broadcast to the part without making it larger. */
export function refusedUpdate(update: Dims, part: Dims, isRow: boolean): Refused | undefined {
  if (!update || !part) return undefined
  const told: Shape = isRow ? [1, ...part] : part
  let trimmed: Shape = update
  while (trimmed.length > told.length && trimmed[0] === 1) trimmed = trimmed.slice(1)
  const made = broadcast(trimmed, told)
  const expected = `what broadcasts to ${show(part)}`
  // Ones that are left in front are told or not, by the kind of the index.
  const isClear = trimmed[0] !== 1
  if (made instanceof Refused)
    return new Refused(
      `an update of ${show(update)}`,
      expected,
      isClear
        ? `[broadcast_shapes] Shapes ${mlxShow(trimmed)} and ${mlxShow(told)} cannot be broadcast.`
        : '[broadcast_shapes] Shapes',
    )
  const isLarger =
    made && (made.length > told.length || made.some((d, i) => d !== undefined && told[i] === 1 && d !== 1))
  return isLarger
    ? new Refused(
        `an update of ${show(update)}`,
        expected,
        isClear
          ? `Cannot broadcast array of shape ${mlxShow(trimmed)} into shape ${mlxShow(told)}.`
          : 'Cannot broadcast array of shape',
      )
    : undefined
}

export const arrayAtModel: LibraryModel = {
  calls: Object.fromEntries(
    ['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'].map(name => [`${className}.${name}`, updated]),
  ),
}
