// Stored tensors as a table for people: one row for all that are alike, with the numbers of layers folded, so that a key in
// a loop over sixty layers is one line.

import type { Model, Shard } from '../checkpoint/facts'
import { patternOf } from '../checkpoint/tensorFamilies'
import { code, prose, table } from '../explain/markdown'
import { baseName, foldNames, showShape, showTensor } from '../rules/show'
import { groupBy } from '../util/groupBy'
import type { StoredVariant } from './lookups'
import { type Meaning, meaningOf } from './meaning'

/** Rows of one table; a key that means more kinds of tensors than this says little about each. */
const mostRows = 12
/** Tensors that are looked at one by one; of more than these only the number is told. */
const mostTensors = 5_000
const mostShards = 3

/** Variants of one model that look alike. */
export interface Alike {
  readonly name: string
  readonly first: StoredVariant
  readonly count: number
  readonly shards: ReadonlySet<Shard>
  readonly meaning: Meaning | undefined
}

/** Groups of variants whose names differ in numbers only, and whose shapes, dtypes and meanings are the same. */
export function alike(variants: readonly StoredVariant[]): readonly Alike[] {
  const meanings = new Map<StoredVariant, Meaning | undefined>()
  for (const v of variants.slice(0, mostTensors))
    meanings.set(v, meaningOf(v.stored.model, v.stored.shard, v.stored.tensor))
  const groups = groupBy(meanings, ([{ stored, shape }, meaning]) =>
    [patternOf(stored.tensor.name), showTensor(stored.tensor), shape?.join() ?? '', meaning?.text ?? ''].join('\0'),
  )
  return [...groups.values()].flatMap((group): Alike[] => {
    const [first, meaning] = group[0] ?? []
    if (!first) return []
    const names = group.map(([v]) => v.stored.tensor.name)
    return [
      {
        name: foldNames(names, 1),
        first,
        count: new Set(names).size,
        shards: new Set(group.map(([v]) => v.stored.shard)),
        meaning,
      },
    ]
  })
}

/** Markdown: a table of the tensors of one model. */
export function tensorTable(variants: readonly StoredVariant[]): string {
  const groups = alike(variants)
  const isMeant = groups.some(g => g.meaning)
  const isChanged = groups.some(g => changed(g.first))
  const head = ['tensor', 'stored', ...(isChanged ? ['here'] : []), ...(isMeant ? ['means'] : []), 'in']
  const rows = groups
    .slice(0, mostRows)
    .map(g => [
      `${code(g.name)}${g.count > 1 ? ` (${g.count})` : ''}`,
      showTensor(g.first.stored.tensor),
      ...(isChanged ? [changed(g.first) ? showVariantShape(g.first) : 'as stored'] : []),
      ...(isMeant ? [prose(g.meaning?.text ?? '')] : []),
      showShards(g.first.stored.model, g.shards),
    ])
  const left = groups.slice(mostRows).reduce((n, g) => n + g.count, 0) + Math.max(0, variants.length - mostTensors)
  return [table(head, rows), ...(left > 0 ? ['', `and ${left} more`] : [])].join('\n')
}

/** Whether the program has changed the shape since it was loaded. */
const changed = (v: StoredVariant): boolean =>
  v.shape === undefined || showShape(v.stored.tensor.shape) !== showVariantShape(v)

/** A shape of which not every size is known: `[128, ?]`. */
export const showVariantShape = ({ shape }: Pick<StoredVariant, 'shape'>): string =>
  shape ? `[${shape.map(d => d ?? '?').join(', ')}]` : '?'

function showShards(model: Model, shards: ReadonlySet<Shard>): string {
  const names = [...shards].map(({ path }) => code(shortPath(model, path)))
  const more = names.length - mostShards
  return `${names.slice(0, mostShards).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** A shard by its path inside its model. */
export const shortPath = (model: Model, path: string): string =>
  path.startsWith(`${model.path}/`) || path.startsWith(`${model.path}\\`)
    ? path.slice(model.path.length + 1)
    : baseName(path)
