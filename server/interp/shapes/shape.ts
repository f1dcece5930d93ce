// Shapes as far as they are known, and what a library says where an operation cannot take them. Nothing here knows the
// interpreter: a shape goes in, a shape or a refusal comes out, and an unknown size refuses nothing.
// Texts are those of MLX 0.32.4.

export type Dim = number | undefined
export type Shape = readonly Dim[]
/** Undefined where not even the rank is known. */
export type Dims = Shape | undefined

/** Why an operation fails for sure: found, expected, and the text that the library raises. */
export class Refused {
  constructor(
    readonly found: string,
    readonly expected: string,
    readonly raises: string,
    readonly error: 'ValueError' | 'IndexError' | 'TypeError' | 'RuntimeError' = 'ValueError',
  ) {}
}

export type ShapeResult = Dims | Refused

/** As this project prints shapes; a size that is not known is a question mark. */
export const show = (shape: Shape): string => `[${shape.map(d => d ?? '?').join(', ')}]`
/** As MLX prints them. */
export const mlxShow = (shape: Shape): string => `(${shape.map(d => d ?? '?').join(',')})`

export const isKnown = (shape: Dims): shape is readonly number[] => shape?.every(d => d !== undefined) === true

export const product = (shape: Dims): number | undefined =>
  isKnown(shape) ? shape.reduce((n, d) => n * d, 1) : undefined

/** An axis counted from the front; undefined where it is out of range. */
export function axisOf(axis: number, rank: number): number | undefined {
  const at = axis < 0 ? axis + rank : axis
  return at >= 0 && at < rank ? at : undefined
}

export const badAxis = (op: string, axis: number, rank: number, text?: string): Refused =>
  new Refused(
    `axis ${axis} of an array with ${rank} dimension${rank === 1 ? '' : 's'}`,
    rank === 0 ? 'a scalar has no axis' : `an axis between ${-rank} and ${rank - 1}`,
    text ?? `[${op}] Axis ${axis} is out of bounds for array with ${rank} dimensions.`,
    'IndexError',
  )

/** Replaces the size of one axis. */
export const withSize = (shape: Shape, axis: number, size: Dim): Shape => shape.map((d, i) => (i === axis ? size : d))

/** What MLX says where it gets None for an array, or nothing. */
export const noArray = (op: string, name: string, is: 'None' | 'not given' = 'None'): Refused =>
  new Refused(
    `${name} is ${is}`,
    'an array',
    `${op}(): incompatible function arguments. The following argument types are supported:`,
    'TypeError',
  )
