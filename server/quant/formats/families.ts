// Modules of a model that are alike: their paths differ only in numbers, and they have the same parameters with the same
// dtypes and shapes. The tensors' families (checkpoint/tensorFamilies.ts) are put together by module; only where modules
// of one pattern differ, as in a model quantized with several widths, are they looked at one by one.

import { folderOf } from '../../checkpoint/paths'
import type { Model, Shard } from '../../checkpoint/facts'
import { splitName } from '../../checkpoint/modules'
import { patternOf, type TensorFamily } from '../../checkpoint/tensorFamilies'
import { groupBy } from '../../util/groupBy'
import type { Members, StoredMember } from './format'

export interface Family {
  readonly parameters: Members
  /** Module path with `#` for numbers. */
  readonly pattern: string
  /** Where the first of them lies. */
  readonly shard: Shard
  /** How many modules. */
  readonly count: number
  /** Paths of the modules; made when asked for. */
  modules(): readonly string[]
  /** Full name of one parameter of the first. */
  sample(parameter: string): string | undefined
  /** Full names of one parameter of each. */
  names(parameter: string): readonly string[]
}

/** A family of tensors as part of a pattern of modules. */
interface Piece {
  readonly shard: Shard
  readonly parameter: string
  readonly tensors: TensorFamily
}

/** Every family of modules of a model, folder by folder. */
export function familiesOf(model: Model): readonly Family[] {
  const folders = groupBy(model.shards, shard => folderOf(shard.path))
  return [...folders.values()].flatMap(shards => {
    const patterns = patternsOf(shards)
    return [...patterns].flatMap(([pattern, pieces]) => familiesIn(pattern, pieces))
  })
}

function patternsOf(shards: readonly Shard[]): ReadonlyMap<string, Piece[]> {
  const patterns = new Map<string, Piece[]>()
  for (const shard of shards)
    for (const tensors of shard.tensors.families()) {
      const { module, parameter } = splitName(tensors.sample)
      const pattern = module === '' ? '' : patternOf(`${module}.`).slice(0, -1)
      const pieces = patterns.get(pattern)
      if (pieces) pieces.push({ shard, parameter, tensors })
      else patterns.set(pattern, [{ shard, parameter, tensors }])
    }
  return withCentroids(patterns)
}

/** VPTQ keeps its tables in modules below the weight: they are given to it, as `centroids.weight`. */
function withCentroids(patterns: Map<string, Piece[]>): ReadonlyMap<string, Piece[]> {
  for (const [pattern, pieces] of patterns) {
    const parent = ownerOf(pattern)
    const owner = parent === pattern ? undefined : patterns.get(parent)
    if (!owner?.some(({ parameter }) => parameter === 'indices')) continue
    const table = pattern.slice(parent.length + 1)
    owner.push(...pieces.map(piece => ({ ...piece, parameter: `${table}.${piece.parameter}` })))
    patterns.delete(pattern)
  }
  return patterns
}

/** The module that a table of VPTQ belongs to; any other module itself. */
export function ownerOf(module: string): string {
  return module.replace(/\.(?:res_|outlier_)?centroids$/, '')
}

function familiesIn(pattern: string, pieces: readonly Piece[]): readonly Family[] {
  const byParameter = groupBy(pieces, ({ parameter }) => parameter)
  const counts = new Set([...byParameter.values()].map(each => each.reduce((sum, p) => sum + p.tensors.count, 0)))
  const uniform = counts.size === 1 && [...byParameter.values()].every(each => each.every(p => isSame(p, each[0])))
  if (!uniform) return differing(pattern, pieces)
  const [first] = byParameter.values()
  const shard = pieces[0]?.shard
  if (!first || !shard) return []
  return [
    {
      parameters: new Map(
        [...byParameter].flatMap(([parameter, each]) => (each[0] ? [[parameter, each[0].tensors] as const] : [])),
      ),
      pattern,
      shard,
      count: first.reduce((sum, piece) => sum + piece.tensors.count, 0),
      modules: () => first.flatMap(piece => Array.from(piece.tensors.rows, row => moduleAt(piece, row))),
      sample: parameter => byParameter.get(parameter)?.[0]?.tensors.sample,
      names: parameter =>
        (byParameter.get(parameter) ?? []).flatMap(({ shard: home, tensors }) =>
          Array.from(tensors.rows, row => home.tensors.nameAt(row)),
        ),
    },
  ]
}

const isSame = (a: Piece, b: Piece | undefined): boolean =>
  a.tensors.dtype === b?.tensors.dtype && a.tensors.shape.join() === b.tensors.shape.join()

function moduleAt({ shard, parameter }: Piece, row: number): string {
  const name = shard.tensors.nameAt(row)
  return name.slice(0, Math.max(0, name.length - parameter.length - 1))
}

/** The name of a parameter, or of a weight, below a module; the module alone where it has none. */
export const joinName = (module: string, name: string): string => [module, name].filter(Boolean).join('.')

/** Modules of one pattern that are not all alike, sorted out by their parameters. */
function differing(pattern: string, pieces: readonly Piece[]): readonly Family[] {
  const modules = new Map<string, { parameters: Map<string, StoredMember>; shard: Shard; key: string }>()
  for (const [number, piece] of pieces.entries())
    for (const row of piece.tensors.rows) {
      const module = moduleAt(piece, row)
      const known = modules.get(module)
      if (known) {
        known.parameters.set(piece.parameter, piece.tensors)
        known.key += `,${number}`
      } else
        modules.set(module, {
          parameters: new Map([[piece.parameter, piece.tensors]]),
          shard: piece.shard,
          key: String(number),
        })
    }
  return [...groupBy(modules, ([, { key }]) => key).values()].flatMap(alike => {
    const first = alike[0]?.[1]
    const names = alike.map(([module]) => module)
    if (!first) return []
    const { parameters, shard } = first
    const namesOf = (parameter: string) => names.map(module => joinName(module, parameter))
    const sample = (parameter: string) => joinName(names[0] ?? '', parameter)
    return [{ parameters, pattern, shard, count: names.length, modules: () => names, sample, names: namesOf }]
  })
}
