// The heads of an attention: where the last axis of an activation was split into heads and their parts, which axis each of
// these is now, and where they are taken for something else. Attention wants [batch, heads, tokens, parts]; what comes out
// has to be turned back before heads and parts are joined again. Either slip leaves every shape as it should be.

import type { Machine } from './machine'
import type { Made } from './operate'
import type { ArrayVariant, HeadAxis, Heads, Place, Value } from './value'

/** Heads and tokens taken for one another. */
export interface Mixup {
  /** Where attention gets them in another order than it wants, or where they are joined in another order than they were split in. */
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

/** Joining heads and parts where they do not lie side by side in the order in which they were split. */
function noteJoined(
  m: Machine,
  { axes, at: split, attended }: Heads,
  sizes: readonly (string | undefined)[],
  at: Place,
) {
  if (!attended) return false
  const now = axes.filter(axis => !isOne(axis))
  const to = sizes.filter(size => size !== '1')
  const leads = now.filter(axis => axis.kind === 'lead')
  const head = now.findIndex(axis => axis.kind === 'head')
  if (head < 0 || now.length !== leads.length + 2 || to.length !== leads.length + 1 || leads.length === 0) return false
  // Every axis but the last is asked for as it was before the split.
  if (leads.some((axis, i) => axis.size === undefined || axis.size !== to[i])) return false
  const isInOrder = head === leads.length && now[head + 1]?.kind === 'part'
  if (isInOrder) return false
  m.mixups.push({ kind: 'joined', at, split, found: show(now), expected: show([...leads, ...heads(now)]) })
  return true
}

const heads = (axes: readonly HeadAxis[]) =>
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

/** Notes queries, keys or values whose heads do not lie on the second of four axes; says whether there are any. */
export function noteAttention(m: Machine, arrays: readonly (Value | undefined)[], at: Place): boolean {
  for (const array of arrays) {
    if (array?.kind !== 'array') continue
    const wrong = array.variants.map(v => (v.heads ? misplaced(v.heads) : undefined))
    const [first] = wrong
    if (!first || wrong.includes(undefined)) continue
    m.mixups.push({
      kind: 'attention',
      at,
      split: first.at,
      found: show(first.axes),
      expected: '[batch, heads, tokens, per head]',
    })
    return true
  }
  return false
}

function misplaced(given: Heads): Heads | undefined {
  const { axes } = given
  if (axes.length !== 4 || axes.some((axis, i) => i > 0 && isOne(axis))) return undefined
  return axes[1]?.kind === 'head' && axes[3]?.kind === 'part' ? undefined : given
}

/** A result of an operation that leaves every axis but the last where it was; `attended`: what comes of a product. */
export function carried(made: Made, operands: readonly (ArrayVariant | undefined)[], attended = false): Made {
  const from = operands.find(v => v?.heads)
  const known = from?.heads
  if (!known || made.shape?.length !== known.axes.length) return made
  const isSame = made.shape.every((d, i) => i === known.axes.length - 1 || d === from.shape?.[i])
  if (!isSame) return made
  const last = made.shape[made.shape.length - 1]
  const axes = attended
    ? [...known.axes.slice(0, -1), { kind: 'part', size: sizeOf(last, undefined) } as const]
    : known.axes
  return { ...made, heads: { ...known, axes, attended: known.attended || attended } }
}
