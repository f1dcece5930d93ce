// A product whose inner dimensions do not agree. `mx.dequantize` returns `[out, in]`, so `x @ w` wants `.T`: an error
// where the matrix is not square, and silently wrong numbers where it is.

import type { Model } from '../checkpoint/facts'
import type { Delivery } from '../interp/deliveries'
import type { Product } from '../interp/run/machine'
import { placeKey } from '../interp/run/machine'
import { pick, together } from '../interp/values/readings'
import type { ArrayVariant, Place, Source } from '../interp/values/value'
import type { Fix } from '../protocol'
import { logicalColumns } from '../quant/affine'
import { expectedWidth } from '../quant/dimensions'
import { groupBy } from '../util/groupBy'
import { sameItems } from '../util/sameItems'
import { judgedWhere } from './delivered'
import { judgeParameters, passed, tripleOf } from './parameters'
import { defineRule, type Draft, type Facts } from './rule'
import { count, foldNames, rangeOf, showShape, textAt } from './show'
import { argumentEdit } from './argumentEdit'
import { asOperand, withoutTurn } from './turnText'

interface Misfit {
  readonly call: Place
  /** Columns of the left factor, where the program or the module's role says. */
  readonly columns: number
  readonly why: string
  readonly right: readonly number[]
  readonly module: string | undefined
  /** Undefined where the factors are no stored tensors. */
  readonly model: Model | undefined
  /** Turning the right factor, or turning it back, makes it fit. */
  readonly wantsTurn: boolean
  /** No error is raised: the numbers are wrong. */
  readonly silent: boolean
  readonly fixes: readonly Fix[]
}

export const innerDimension = defineRule({
  id: 'inner-dimension-mismatch',
  severity: 'error',
  title: 'The inner dimensions of a product do not agree',
  *check(facts) {
    const found = misfitsOf(facts)
    if (found.length === 0) return
    const fitting = new Set(facts.runs.flatMap(run => run.products.filter(fitsAsItIs).map(p => placeKey(p.call))))
    for (const group of groupBy(found, m => `${placeKey(m.call)} ${m.silent}`).values()) {
      const [first] = group
      // Where other matrices come to the same call and fit, no edit of it is right for all.
      const isForAll = first !== undefined && (first.silent || !fitting.has(placeKey(first.call)))
      yield draft(isForAll ? group : group.map(m => ({ ...m, fixes: [] })))
    }
  },
})

/** Whether some reading of a product is of a matrix that goes with what is multiplied, as it would not when turned. */
const fitsAsItIs = ({ left, right }: Product): boolean =>
  right.variants.some(w =>
    left.variants.some(x => {
      const [columns, inner, outer] = [x.shape?.at(-1), w.shape?.at(-2), w.shape?.at(-1)]
      return columns !== undefined && columns === inner && (w.decoded ? w.decoded.turned : outer !== inner)
    }),
  )

const misfitsOf = (facts: Facts): readonly Misfit[] => [
  ...facts.runs.flatMap(run => run.products.flatMap(misfits)),
  ...judgedWhere(facts, isPackedMisfit).flatMap(packedMisfits),
]

const isPackedMisfit = (d: Delivery): boolean => packedMisfits(d).length > 0

/** Products that this rule speaks of. */
export const misfitPlaces = (facts: Facts): readonly string[] => misfitsOf(facts).map(m => placeKey(m.call))

const known = (shape: ArrayVariant['shape']): shape is readonly number[] => shape?.every(d => d !== undefined) === true

function misfits(product: Product): Misfit[] {
  if (product.uncertain) return []
  return product.right.variants.flatMap(w =>
    product.left.variants.flatMap(x => {
      if (!known(w.shape) || w.shape.length < 2) return []
      const both = together(x.readings, w.readings)
      const count = both?.readings.rows.length ?? 0
      if (!both || count === 0) return []
      const sources = w.decoded && pick(w.decoded.sources, both.right, count)
      // A factor whose columns are known is judged once for all matrices of one shape, and only a misfit for each.
      if (sources && known(x.shape?.slice(-1)) && !judge(product, x, w, w.shape, sources[0])) return []
      return (sources ?? [w.stored?.sources[0]]).flatMap(
        s => judge(product, x, w, w.shape as readonly number[], s) ?? [],
      )
    }),
  )
}

/** One product of `x` with a matrix: that of the packed weight `source`, where it is a decoded one. */
function judge(
  product: Product,
  x: ArrayVariant,
  w: ArrayVariant,
  right: readonly number[],
  source: Source | undefined,
): Misfit | undefined {
  const [inner, outer] = [right[right.length - 2] ?? 0, right[right.length - 1] ?? 0]
  const last = x.shape?.[x.shape.length - 1]
  const module = w.decoded && source?.tensor.name.slice(0, Math.max(0, source.tensor.name.lastIndexOf('.')))
  const width = source && module !== undefined ? expectedWidth(source.model, module) : undefined
  const columns = last ?? width?.value
  if (columns === undefined) return undefined
  const base = { call: product.call, columns, right, module, model: source?.model }
  const why =
    last !== undefined && known(x.shape)
      ? `the left factor is ${showShape(x.shape)}`
      : last !== undefined
        ? `the left factor has ${last} columns`
        : (width?.why ?? '')
  if (columns !== inner) {
    // What feeds a module is known by its role only; a matrix that fits neither way says that the role was guessed wrong.
    if (last === undefined && columns !== outer) return undefined
    return {
      ...base,
      why,
      wantsTurn: columns === outer && w.decoded?.turned !== true,
      silent: false,
      fixes: columns === outer ? turnFix(product.rightPlace, isStoredSo(w, right)) : [],
    }
  }
  const isActivation = !x.decoded && !x.stored
  if (inner === outer && w.decoded && !w.decoded.turned && isActivation)
    return { ...base, why, wantsTurn: true, silent: true, fixes: turnFix(product.rightPlace, 'yes') }
  return undefined
}

/** Whether a factor is turned as it was stored or decoded; unknown where it is computed. */
function isStoredSo({ decoded, stored }: ArrayVariant, right: readonly number[]): 'yes' | 'no' | 'unknown' {
  if (decoded) return decoded.turned ? 'no' : 'yes'
  const shape = stored?.sources[0]?.tensor.shape
  return shape ? (sameItems(shape, right) ? 'yes' : 'no') : 'unknown'
}

/** The same for products with a packed weight, where its triple and its parameters are sound. */
function packedMisfits(d: Delivery): Misfit[] {
  const { x, transpose } = d.sink
  if (d.sink.op !== 'quantized_matmul' || d.sink.uncertain || !x || d.verdict.kind !== 'fits') return []
  const given = { groupSize: passed(d.sink, 'groupSize').value, bits: passed(d.sink, 'bits').value }
  const isTurned = transpose === undefined ? true : transpose.kind === 'const' ? Boolean(transpose.value) : undefined
  const triple = tripleOf(d)
  const { shape } = d.weight
  if (
    !triple ||
    given.bits === undefined ||
    given.groupSize === undefined ||
    isTurned === undefined ||
    shape.length !== 2
  )
    return []
  if (judgeParameters(given, triple)) return []
  const logical = [shape[0] ?? 0, logicalColumns(shape[1] ?? 0, given.bits)]
  const right = isTurned ? [...logical].reverse() : logical
  const widths = new Set(x.variants.map(v => v.shape?.[v.shape.length - 1]))
  const [columns] = widths
  if (columns === undefined || widths.size !== 1 || columns === right[0]) return []
  return [
    {
      call: d.sink.call,
      columns,
      why: `the left factor has ${columns} columns`,
      right,
      module: d.module,
      model: d.model,
      wantsTurn: false,
      silent: false,
      fixes: columns === right[1] ? flagFix(d, isTurned) : [],
    },
  ]
}

function draft(group: readonly Misfit[]): Draft {
  const first = group[0] as Misfit
  const modules = [...new Set(group.flatMap(m => (m.module === undefined ? [] : [m.module])))]
  const { columns, right } = first
  const expected = first.wantsTurn
    ? `${modules.length > 0 ? 'dequantize gives [out, in], so the' : 'the'} product wants its transpose`
    : `${columns} rows are wanted`
  const consequence = first.silent ? '; the matrix is square, so MLX computes wrong numbers without an error' : ''
  const whose = modules.length > 0 ? `; ${count(modules.length, 'module')}, ${foldNames(modules)}` : ''
  return {
    path: first.call.program.path,
    range: rangeOf(first.call),
    message: `the right factor is ${showShape(right)}; ${expected}: ${first.why}${whose}${consequence}`,
    tensors: modules.map(m => `${m}.weight`),
    models: new Set(group.flatMap(m => m.model ?? [])),
    // Every reading of this call must want the same.
    fixes: group.every(m => JSON.stringify(m.fixes) === JSON.stringify(first.fixes)) ? first.fixes : [],
  }
}

/**
 * `x @ w` becomes `x @ w.T`, as weights want it that nobody has turned yet. `x @ w.T` becomes `x @ w`, which is sure only
 * where the transpose undoes another one: else the matrix may be the wrong one, or stored the wrong way round.
 */
function turnFix(place: Place | undefined, storedSo: 'yes' | 'no' | 'unknown'): Fix[] {
  if (!place) return []
  const text = textAt(place)
  const bare = withoutTurn(text)
  const edit = (newText: string) => [{ path: place.program.path, range: rangeOf(place), newText }]
  return bare
    ? [
        {
          title: 'Drop the transpose of the right factor',
          kind: storedSo === 'yes' ? 'safe' : 'needs-a-look',
          edits: edit(bare),
        },
      ]
    : [
        {
          title: 'Transpose the right factor',
          kind: storedSo === 'no' ? 'needs-a-look' : 'safe',
          edits: edit(`${asOperand(text)}.T`),
        },
      ]
}

/** What decides in `quantized_matmul`: its own argument, written out or left to the default, which is to transpose. */
function flagFix(d: Delivery, isTurned: boolean): Fix[] {
  const { call, transpose } = d.sink
  const { language, path } = call.program
  const literal = transpose?.kind === 'const' ? transpose.literal : undefined
  const wanted = language === 'python' ? (isTurned ? 'False' : 'True') : String(!isTurned)
  const title = `Pass transpose=${wanted}`
  if (literal) return [{ title, kind: 'needs-a-look', edits: [{ path, range: rangeOf(literal), newText: wanted }] }]
  const edit = transpose === undefined && language === 'python' ? argumentEdit(call, `transpose=${wanted}`) : undefined
  return edit ? [{ title, kind: 'needs-a-look', edits: [edit] }] : []
}
