// The heads of an attention: where the last axis of an activation was split into heads and their parts, which axis each of
// these is now, and where they are taken for something else. Attention wants [batch, heads, tokens, parts]; what comes out
// has to be turned back before heads and parts are joined again. Either slip leaves every shape as it should be.

import type { Machine } from '../run/machine'
import type { Made } from '../run/operate'
import type { ArrayVariant, HeadAxis, Heads, Place, Value } from '../values/value'

/** Heads and tokens taken for one another. */
export interface Mixup {
  /** Where attention gets queries in another order than keys or values, or where heads are joined in another order than they were split in. */
  readonly kind: 'attention' | 'joined'
  readonly at: Place
  /** Where the axis was split. */
  readonly split: Place
  /** What each axis is, for people. */
  readonly found: string
  readonly expected: string
}

const isOne = (axis: HeadAxis) => axis.size === '1'

/** The size of an axis as a text that is equal for equal sizes; undefined where it is not known. */
function sizeOf(dim: number | undefined, asked: Value | undefined): string | undefined {
  if (dim !== undefined) return String(dim)
  return asked?.kind === 'unknown' ? `#${asked.symbol}` : undefined
}

/** What becomes of the heads where an array is brought into another shape. */
export function headsAfterReshape(
  m: Machine,
  v: ArrayVariant,
  made: ArrayVariant['shape'],
  asked: readonly Value[],
  at: Place,
): Heads | undefined {
  const sizes = asked.map((value, i) => sizeOf(made?.[i], value))
  if (v.heads && noteJoined(m, v.heads, sizes, at)) return undefined
  const [heads, part] = [made?.[made.length - 2], made?.[made.length - 1]]
  const whole = v.shape?.[v.shape.length - 1]
  if (made === undefined || made.length < 3 || heads === undefined || part === undefined) return undefined
  if (whole === undefined || heads * part !== whole || heads === 1) return undefined
  const lead = sizes.slice(0, -2).map((size): HeadAxis => ({ kind: 'lead', size }))
  return {
    axes: [...lead, { kind: 'head', size: String(heads) }, { kind: 'part', size: String(part) }],
    at,
    attended: false,
  }
}

/** On a path that may not be taken: it may be the one for a single token, where the order does not matter. */
const isOneOfSeveral = (m: Machine): boolean => m.branching > 0 || m.alternative > 0

/** Joining heads and parts where they do not lie side by side in the order in which they were split. */
function noteJoined(
  m: Machine,
  { axes, at: split, attended }: Heads,
  sizes: readonly (string | undefined)[],
  at: Place,
) {
  if (!attended || isOneOfSeveral(m)) return false
  const now = axes.filter(axis => !isOne(axis))
  const to = sizes.filter(size => size !== '1')
  const leads = now.filter(axis => axis.kind === 'lead')
  const head = now.findIndex(axis => axis.kind === 'head')
  if (head < 0 || now.length !== leads.length + 2 || to.length !== leads.length + 1 || leads.length === 0) return false
  // Every axis but the last is asked for as it was before the split.
  if (leads.some((axis, i) => axis.size === undefined || axis.size !== to[i])) return false
  // What has as many parts in all as there are tokens may be either.
  const [heads, part] = [now[head], now.find(axis => axis.kind === 'part')]
  if (leads.some(axis => axis.size === String(Number(heads?.size) * Number(part?.size)))) return false
  const isInOrder = head === leads.length && now[head + 1]?.kind === 'part'
  if (isInOrder) return false
  m.mixups.push({ kind: 'joined', at, split, found: show(now), expected: show([...leads, ...splitOf(now)]) })
  return true
}

const splitOf = (axes: readonly HeadAxis[]) =>
  (['head', 'part'] as const).flatMap(kind => axes.filter(axis => axis.kind === kind))

const words = { lead: 'tokens', head: 'heads', part: 'per head' } as const

/** The last of the axes that were there before the split is that of the tokens. */
function show(axes: readonly HeadAxis[]): string {
  const tokens = axes.findLastIndex(axis => axis.kind === 'lead')
  const named = axes.map(({ kind, size }, i) => {
    const word = kind === 'lead' && i !== tokens ? 'batch' : words[kind]
    return size === undefined || size.startsWith('#') ? word : `${size} ${word}`
  })
  return `[${named.join(', ')}]`
}

/**
 * Notes queries, keys and values whose axes lie in different orders; says whether they do. Where all lie alike attention
 * may be meant to go over another axis, and what becomes of its result tells.
 */
export function noteAttention(m: Machine, arrays: readonly (Value | undefined)[], at: Place): boolean {
  if (isOneOfSeveral(m)) return false
  const [queries, ...others] = arrays.map(orderIn)
  const odd = others.find(other => queries && other && kindsOf(other) !== kindsOf(queries))
  if (!queries || !odd) return false
  const [wrong, right] = isUsual(queries) ? [odd, queries] : [queries, odd]
  m.mixups.push({ kind: 'attention', at, split: wrong.at, found: show(wrong.axes), expected: show(right.axes) })
  return true
}

const kindsOf = ({ axes }: Heads): string => axes.map(axis => axis.kind).join()
/** As attention wants them: batch, heads, tokens, parts. */
const isUsual = (given: Heads): boolean => kindsOf(given) === 'lead,head,lead,part'

/** The order of the axes of a four-dimensional array, if it is the same in all readings. */
function orderIn(array: Value | undefined): Heads | undefined {
  if (array?.kind !== 'array') return undefined
  const heads = array.variants.map(v => v.heads)
  const [first] = heads
  const isOne = first?.axes.length === 4 && heads.every(h => h && kindsOf(h) === kindsOf(first))
  return isOne ? first : undefined
}

/**
 * A result of an operation that leaves every axis but the last where it was in the first operand. A product has the last
 * axis of its right factor; what that is, if nothing is known of it, is a part of a head again.
 */
export function carried(
  made: Made,
  [left]: readonly (ArrayVariant | undefined)[],
  product?: { readonly right: ArrayVariant | undefined },
): Made {
  const known = left?.heads
  const rank = known?.axes.length ?? 0
  if (!known || made.shape?.length !== rank) return made
  if (!made.shape.every((d, i) => i === rank - 1 || d === left.shape?.[i])) return made
  if (!product) return { ...made, heads: known }
  const last = product.right?.heads?.axes.at(-1) ?? { kind: 'part', size: sizeOf(made.shape[rank - 1], undefined) }
  return { ...made, heads: { ...known, axes: [...known.axes.slice(0, -1), last], attended: true } }
}
