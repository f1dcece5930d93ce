// A triple is the weight, scales and biases that MLX decodes together. This file decides whether three shapes can be
// one triple, and if not, what would make them one: the whole of the "stored transposed" question, without any source.

import { fittingFloatPairs, fittingPairs, type Pair } from './affine'

export type Shape = readonly number[]

export interface TripleShapes {
  readonly weight: Shape
  readonly scales: Shape
  readonly biases?: Shape
  /** Scales are U8: a floating-point mode, which has no biases. */
  readonly float?: boolean
}

/** Which members have their last two axes the wrong way round. */
export interface Turned {
  readonly weight: boolean
  readonly scales: boolean
  readonly biases: boolean
}

export type Verdict =
  | { readonly kind: 'fits'; readonly pairs: readonly Pair[] }
  /** Turning the members named makes it fit, and nothing smaller does. */
  | { readonly kind: 'turned'; readonly turned: Turned; readonly pairs: readonly Pair[] }
  /** The rows of scales and biases are a fraction of the weight's (or the other way round). */
  | { readonly kind: 'sliced'; readonly weightRows: number; readonly scalesRows: number; readonly turned: boolean }
  | { readonly kind: 'misfit'; readonly why: string }

export function turn(shape: Shape): Shape {
  const n = shape.length
  return n < 2 ? shape : [...shape.slice(0, n - 2), shape[n - 1] ?? 0, shape[n - 2] ?? 0]
}

const sameLead = (a: Shape, b: Shape) => a.length === b.length && a.every((d, i) => i === a.length - 1 || d === b[i])
const last = (s: Shape) => s[s.length - 1] ?? 0
const rowsOf = (s: Shape) => s[s.length - 2] ?? 0

/** Pairs under which MLX takes the shapes as they are: `mx.dequantize`'s own conditions for the affine mode. */
function pairsOf({ weight, scales, biases, float }: TripleShapes): readonly Pair[] {
  if (weight.length < 2 || !sameLead(weight, scales)) return []
  if (biases && !(sameLead(scales, biases) && last(scales) === last(biases))) return []
  return (float ? fittingFloatPairs : fittingPairs)(last(weight), last(scales))
}

/** Decides what three stored shapes (in elements) are to one another. */
export function judgeTriple(shapes: TripleShapes): Verdict {
  const direct = pairsOf(shapes)
  if (direct.length > 0) return { kind: 'fits', pairs: direct }
  const { weight, scales, biases } = shapes
  if (biases && !sameShape(scales, biases) && !sameShape(turn(scales), biases))
    return {
      kind: 'misfit',
      why: `scales are [${scales.join(', ')}] and biases [${biases.join(', ')}], which must be alike`,
    }
  // One-bit weights are rare and fit a great deal by accident, so they explain nothing that anything else explains.
  return explain(shapes, false) ?? explain(shapes, true) ?? { kind: 'misfit', why: whyNot(weight, scales) }
}

const sameShape = (a: Shape, b: Shape) => a.length === b.length && a.every((d, i) => d === b[i])

function whyNot(weight: Shape, scales: Shape): string {
  if (weight.length !== scales.length) return `they have ${weight.length} and ${scales.length} axes`
  return 'no bits and group size of MLX fit, in either orientation'
}

/** The smallest change that makes a triple of them, if there is just one. */
function explain(shapes: TripleShapes, withOneBit: boolean): Verdict | undefined {
  const usable = (pairs: readonly Pair[]) => (withOneBit ? pairs : pairs.filter(p => p.bits > 1))
  const turns: Turned[] = []
  for (const weight of [true, false])
    for (const scales of [true, false])
      for (const biases of shapes.biases ? [true, false] : [scales])
        if (weight || scales || biases) turns.push({ weight, scales, biases })
  const fitting = turns.flatMap(turned => {
    const pairs = usable(pairsOf(turnedShapes(shapes, turned)))
    return pairs.length > 0 ? [{ turned, pairs }] : []
  })
  const only = fitting[0]
  if (only && fitting.length === 1) return { kind: 'turned', ...only }
  if (fitting.length > 1)
    return { kind: 'misfit', why: `${fitting.length} different transpositions would make them fit` }
  for (const turned of [false, true]) {
    const weight = turned ? turn(shapes.weight) : shapes.weight
    const scales = turned ? turn(shapes.scales) : shapes.scales
    const [a, b] = [rowsOf(weight), rowsOf(scales)]
    const isPart = a > 0 && b > 0 && a !== b && Math.max(a, b) % Math.min(a, b) === 0
    if (!isPart || weight.length !== scales.length || !sameShape(weight.slice(0, -2), scales.slice(0, -2))) continue
    if (usable((shapes.float ? fittingFloatPairs : fittingPairs)(last(weight), last(scales))).length > 0)
      return { kind: 'sliced', weightRows: a, scalesRows: b, turned }
  }
  return undefined
}

const turnedShapes = ({ weight, scales, biases, float }: TripleShapes, turned: Turned): TripleShapes => ({
  weight: turned.weight ? turn(weight) : weight,
  scales: turned.scales ? turn(scales) : scales,
  biases: biases && (turned.biases ? turn(biases) : biases),
  float,
})
