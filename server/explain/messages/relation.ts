// How the shapes of a message may come from the shapes of a stored triple: as they are, transposed, rows of them gathered
// (an embedding's tokens, a mixture's experts) or a slice. Only relations that weight and scales have in common count.

import { turn } from '../../quant/triple'

type Shape = readonly number[]

export interface Relation {
  readonly kind: 'stored' | 'turned' | 'gathered' | 'sliced-rows' | 'sliced-columns' | 'apart'
  /** For people: what was done to the stored tensors. */
  readonly how: string
  /** Higher is likelier. */
  readonly score: number
}

const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i])
const last = (shape: Shape): number => shape[shape.length - 1] ?? 0
const rows = (shape: Shape): number => shape[shape.length - 2] ?? 0

/**
 * Relates what a message shows (undefined: not shown) to stored shapes; undefined where nothing does. Fewer rows may be
 * a slice as well as a look-up: `isLookedUp` says that this is a module in which rows are looked up.
 */
export function relate(
  stored: { readonly weight: Shape; readonly scales: Shape },
  shown: { readonly weight: Shape | undefined; readonly scales: Shape | undefined },
  isLookedUp: boolean,
): Relation | undefined {
  const pairs: (readonly [Shape, Shape])[] = []
  if (shown.weight) pairs.push([stored.weight, shown.weight])
  if (shown.scales) pairs.push([stored.scales, shown.scales])
  if (pairs.length === 0) return undefined
  const all = (test: (stored: Shape, shown: Shape) => boolean) => pairs.every(([a, b]) => test(a, b))
  if (all(same)) return { kind: 'stored', how: 'stored in exactly these shapes', score: 100 }
  if (all((a, b) => same(turn(a), b))) return { kind: 'turned', how: 'stored in these shapes, transposed', score: 90 }
  const byRows = ratio(pairs, (a, b) => (sameBut(a, b, 2) ? rows(a) / rows(b) : 0))
  const slice: Relation | undefined = byRows
    ? { kind: 'sliced-rows', how: `1/${byRows} of its rows`, score: 50 }
    : undefined
  if (slice && !isLookedUp) return slice
  const gathered = pairs[0] && gather(...pairs[0])
  if (gathered && all((a, b) => gather(a, b)?.join() === gathered.join())) {
    const count = gathered.reduce((product, size) => product * size, 1)
    const product = gathered.length > 1 ? `${gathered.join(' × ')} = ${count}` : `${count}`
    const what = `${product} ${count === 1 ? 'row' : 'rows'} taken out of it`
    return {
      kind: 'gathered',
      how: `${what}: the leading dimensions are what was looked up`,
      score: isLookedUp ? 85 : 25,
    }
  }
  if (slice) return slice
  const byColumns = ratio(pairs, (a, b) => (sameBut(a, b, 1) ? last(a) / last(b) : 0))
  if (byColumns) return { kind: 'sliced-columns', how: `1/${byColumns} of its columns`, score: 45 }
  if (all((a, b) => same(a, b) || same(turn(a), b)))
    return { kind: 'apart', how: 'one of the two transposed, the other as stored', score: 70 }
  return undefined
}

/** What stands in place of the first stored dimension, where everything behind it is the same. */
function gather(stored: Shape, shown: Shape): Shape | undefined {
  const tail = stored.slice(1)
  if (tail.length === 0 || shown.length < tail.length + 1) return undefined
  return same(shown.slice(shown.length - tail.length), tail) ? shown.slice(0, shown.length - tail.length) : undefined
}

/** All sizes agree but the one `fromEnd` from the end. */
const sameBut = (a: Shape, b: Shape, fromEnd: number): boolean =>
  a.length === b.length && a.every((size, i) => i === a.length - fromEnd || size === b[i])

/** A whole factor above one that all pairs have in common. */
function ratio(pairs: readonly (readonly [Shape, Shape])[], of: (a: Shape, b: Shape) => number): number | undefined {
  const [first, ...others] = pairs.map(([a, b]) => of(a, b))
  return first !== undefined && Number.isInteger(first) && first > 1 && others.every(r => r === first)
    ? first
    : undefined
}
