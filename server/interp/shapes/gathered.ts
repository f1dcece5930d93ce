// Products of rows and matrices that indices choose. Source: mlx/ops.cpp of MLX 0.32.4, measured.

import { isInteger, isReal, mlxName, promote } from './dtypes'
import { broadcast } from './elementwise'
import type { Operand } from './packed'
import { type Dims, mlxShow, Refused, type ShapeResult, show } from './shape'

/** Indices of an operation that gathers: null where the program gives none. */
export type Indices = Operand | null

/**
 * What comes out where rows of `x` and matrices of `w` are chosen by indices: the indices' shape, then [rows, out].
 * Without indices all are taken in order.
 */
export function gathered(
  x: Dims,
  w: Dims,
  left: Indices,
  right: Indices,
  outer: number | undefined,
  op: string,
): ShapeResult {
  const [a, b] = [chosen(x, left, op), chosen(w, right, op)]
  if (a instanceof Refused) return a
  if (b instanceof Refused) return b
  const batch = broadcast(a, b)
  if (batch instanceof Refused) return batch
  return batch && x && [...batch, x[x.length - 2], outer]
}

function chosen(of: Dims, indices: Indices, op: string): ShapeResult {
  if (of && of.length < 2)
    return new Refused(
      show(of),
      'at least 2 dimensions',
      `[${op}] Input must have at least two dimensions but got input with shape ${mlxShow(of)}.`,
    )
  if (!indices) return of?.slice(0, -2)
  if (indices.dtype !== undefined && !isInteger(indices.dtype))
    return new Refused(
      `indices of ${indices.dtype}`,
      'whole numbers',
      `[${op}] Got indices with invalid dtype. Indices must be integral.`,
    )
  return indices.shape
}

/** `gather_mm` where indices choose: matrices of floats, of which single rows and columns are vectors. */
export function gatheredProduct(
  a: Dims,
  b: Dims,
  left: Indices,
  right: Indices,
  [x, y]: readonly (string | undefined)[],
): ShapeResult {
  const op = 'gather_mm'
  if (a?.length === 0 || b?.length === 0)
    return new Refused('a scalar', 'arrays', `[${op}] Got 0 dimension input. Inputs must have at least one dimension.`)
  const [rows, columns] = [a && (a.length === 1 ? [1, ...a] : a), b && (b.length === 1 ? [...b, 1] : b)]
  const [inner, height] = [rows?.[rows.length - 1], columns?.[columns.length - 2]]
  if (rows && columns && inner !== undefined && height !== undefined && inner !== height)
    return new Refused(
      `${show(a ?? [])} times ${show(b ?? [])}`,
      `${inner} rows on the right`,
      `[${op}] Last dimension of first input with shape ${mlxShow(rows)} must match second to last dimension of second input with shape ${mlxShow(columns)}.`,
    )
  const meet = promote(x, y)
  if (meet !== undefined && !isReal(meet))
    return new Refused(
      `${x} times ${y}`,
      'floats',
      `[${op}] Only real floating point types are supported but ${mlxName(x ?? '')} and ${mlxName(y ?? '')} were provided which results in ${mlxName(meet)}, which is not a real floating point type.`,
    )
  if (!a || !b || !columns) return undefined
  const made = gathered(rows, columns, left, right, columns[columns.length - 1], op)
  if (made instanceof Refused || !made) return made
  const batch = made.slice(0, -2)
  return [...batch, ...(a.length === 1 ? [] : made.slice(-2, -1)), ...(b.length === 1 ? [] : made.slice(-1))]
}
