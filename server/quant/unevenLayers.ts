// Layers that are alike in all but one tensor, or by all but one layer, whatever the architecture: nothing but a slip tells
// that one apart. For models whose type is not known; what is known of a type says more (layerParts.ts).

import type { JsonFile, Model } from '../checkpoint/facts'
import { type Layout, patternsOf } from '../checkpoint/layouts'
import { groupBy } from '../util/groupBy'

export interface Lack {
  /** A tensor, or the path of a layer. */
  readonly name: string
  readonly isLayer: boolean
  /** How many layers have it. */
  readonly layers: number
}

/** A name with one number: what stands before it, and what behind it. */
const oneNumber = /^([^#]*)#\.([^#]+)$/

/** Two or three layers, and two or three tensors in each, may be anything. */
const fewestLayers = 4
const fewestTensors = 4

const floats = /^(BF16|F16|F32)$/

/** What one layer inside of a stack lacks that all others have; the first and the last are often made otherwise. */
export function lacksOf(model: Model, file: JsonFile): readonly Lack[] {
  const all = patternsOf(model).flatMap(({ layouts }) => layouts)
  // Packed weights have parameters that some layers lack by design.
  if (!all.every(({ family }) => floats.test(family.dtype))) return []
  const stacks = groupBy(all, layout => oneNumber.exec(nameOf(layout))?.[1])
  return [...stacks].flatMap(([prefix, layouts]) => {
    const lack = prefix === undefined ? undefined : lackIn(prefix, layouts, file)
    return lack ? [lack] : []
  })
}

function lackIn(prefix: string, layouts: readonly Layout[], file: JsonFile): Lack | undefined {
  const byName = [...groupBy(layouts, nameOf)]
  if (byName.length < fewestTensors) return undefined
  const counts = byName.map(([, same]) => same.reduce((n, { count }) => n + count, 0))
  const many = Math.max(...counts)
  if (many < fewestLayers) return undefined
  const odd = byName.filter((_, i) => counts[i] !== many)
  const whole = byName.find((_, i) => counts[i] === many)
  const [only] = odd
  if (!whole || odd.length > 1) return undefined
  const numbers = numbersOf(whole[1], prefix)
  if (!only) {
    const missing = gapIn(numbers)
    const isCounted = missing !== undefined && countsLayers(file, many + 1)
    return isCounted ? { name: `${prefix}${missing}`, isLayer: true, layers: many } : undefined
  }
  const [name, same] = only
  const present = numbersOf(same, prefix)
  const missing = [...numbers].filter(number => !present.has(number))
  const [number] = missing
  const isInside = number !== undefined && number > Math.min(...numbers) && number < Math.max(...numbers)
  if (missing.length > 1 || !isInside || !/\.(weight|bias)$/.test(name)) return undefined
  return { name: name.replace('#', String(number)), isLayer: false, layers: many - 1 }
}

/** The one number that is not there, of all from 0 to the last. */
function gapIn(numbers: ReadonlySet<number>): number | undefined {
  const last = Math.max(...numbers)
  if (last !== numbers.size) return undefined
  const missing = Array.from({ length: last }, (_, i) => i).filter(i => !numbers.has(i))
  return missing.length === 1 ? missing[0] : undefined
}

/** Whether a number of layers in the config, in one of its sections or at its top, is this. */
function countsLayers({ text }: JsonFile, many: number): boolean {
  const numbers = text.matchAll(/"(?:\w*layers|n_layer|depth|num_\w*blocks)"\s*:\s*(\d+)/g)
  return [...numbers].some(([, number]) => Number(number) === many)
}

/** The name of a layout's tensors, with `#` for numbers. */
const nameOf = ({ pattern: { text }, parameter }: Layout): string => (text === '' ? parameter : `${text}.${parameter}`)

const numbersOf = (layouts: readonly Layout[], prefix: string): ReadonlySet<number> =>
  new Set(
    layouts.flatMap(({ pieces }) =>
      pieces.flatMap(({ shard, family }) =>
        Array.from(family.rows, row => Number.parseInt(shard.tensors.nameAt(row).slice(prefix.length), 10)),
      ),
    ),
  )
