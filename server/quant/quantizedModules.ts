// The weights of a checkpoint that MLX packed: U32 `weight` beside `scales`, whichever shards of a rank they are in.
// Names and dtypes only; what the shapes say is for triple.ts. Work is for kinds of modules; modules and tensors are made when
// they are asked for: of tens of thousands most are like another, and what is true of one shape is true of all.

import type { Model, Shard, Tensor } from '../checkpoint/facts'
import { type ModuleKind, moduleKinds, pathAt, type Rows, type StoredModule } from '../checkpoint/moduleKinds'
import type { Member } from '../checkpoint/modules'
import { folderOf } from '../checkpoint/paths'
import { pathOf, type ShardModules } from '../checkpoint/shardModules'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { judgeTriple, type Verdict } from './triple'

export interface StoredTensor {
  readonly shard: Shard
  readonly tensor: Tensor
}

/** One member of a packed weight; `family` holds its dtype and shape, which it shares with its like. */
export interface PackedTensor extends StoredTensor {
  readonly family: TensorFamily
  /** Its place in the shard's table. */
  readonly index: number
}

/** One quantized weight as stored. `biases` is absent for the floating-point modes. */
export interface QuantizedModule {
  /** Without `.weight`. */
  readonly path: string
  readonly weight: PackedTensor
  readonly scales: PackedTensor
  readonly biases?: PackedTensor
}

/** Quantized weights of one rank that differ only in the numbers of their paths. */
export interface QuantizedKind {
  readonly folder: string
  readonly count: number
  readonly weight: TensorFamily
  readonly scales: TensorFamily
  readonly biases: TensorFamily | undefined
  /** What the three shapes are to one another. */
  readonly verdict: Verdict
  /** In no certain order; see `inOrder`. */
  modules(): readonly QuantizedModule[]
  /** Those whose members are in different shards. */
  apart(): readonly QuantizedModule[]
  /** All of them, the experts of a layer that follow one another in a shard put together. */
  stretches(): readonly Stretch[]
}

/** Experts of one layer, or one other module. */
export interface Stretch {
  readonly first: QuantizedModule
  modules(): readonly QuantizedModule[]
}

const kindsByModel = new WeakMap<Model, readonly QuantizedKind[]>()

/** Every kind of modules with U32 `weight` and `scales`. */
export function quantizedKinds(model: Model): readonly QuantizedKind[] {
  let known = kindsByModel.get(model)
  if (!known) {
    known = moduleKinds(model).flatMap(kind => kindOf(model, kind) ?? [])
    kindsByModel.set(model, known)
  }
  return known
}

function kindOf(model: Model, kind: ModuleKind): QuantizedKind | undefined {
  const [weight, scales, biases] = ['weight', 'scales', 'biases'].map(parameter => kind.members.get(parameter))
  if (weight?.dtype !== 'U32' || !scales) return undefined
  let apart: readonly QuantizedModule[] | undefined
  const getApart = () => (apart ??= kind.apart.flatMap(module => quantized(module) ?? []))
  let all: readonly QuantizedModule[] | undefined
  const getAll = () => (all ??= [...kind.together.flatMap(group => modulesAt(group, 0, group.count)), ...getApart()])
  return {
    folder: kind.folder,
    count: kind.count,
    weight,
    scales,
    biases,
    verdict: judgeTriple({
      weight: weight.shape,
      scales: scales.shape,
      biases: biases?.shape,
      float: scales.dtype === 'U8',
    }),
    modules: getAll,
    apart: getApart,
    stretches: () => [...kind.rowsOf('scales')].flatMap(rows => stretchesIn(model, rows, biases !== undefined)),
  }
}

function modulesAt(group: ShardModules, from: number, to: number): QuantizedModule[] {
  const { shard, members } = group
  const rowsOf = (parameter: string) => members.find(each => each.parameter === parameter)?.rows
  const [weights, scales, biases] = [rowsOf('weight'), rowsOf('scales'), rowsOf('biases')]
  if (!weights || !scales) return []
  return Array.from({ length: to - from }, (_, i) => ({
    path: pathAt(group, from + i),
    weight: new LazyTensor(shard, weights[from + i] ?? 0),
    scales: new LazyTensor(shard, scales[from + i] ?? 0),
    biases: biases && new LazyTensor(shard, biases[from + i] ?? 0),
  }))
}

const experts = '.experts.'

/** Of rows of scales, where in them every stretch begins. */
const startsByRows = new WeakMap<object, readonly number[]>()

function stretchesIn(model: Model, { shard, rows }: Rows, hasBiases: boolean): readonly Stretch[] {
  let starts = startsByRows.get(rows)
  if (!starts) startsByRows.set(rows, (starts = startsIn({ shard, rows })))
  return starts
    .map((start, i) => {
      const end = starts[i + 1] ?? rows.length
      const at = (place: number) => besideScales(model, shard, rows[place] ?? 0, hasBiases)
      const modules = () => Array.from({ length: end - start }, (_, i) => at(start + i) ?? []).flat()
      const first = at(start)
      return first && { first, modules }
    })
    .filter(stretch => stretch !== undefined)
}

function startsIn({ shard, rows }: Rows): readonly number[] {
  const { tensors } = shard
  const starts: number[] = []
  let next = 0
  while (next < rows.length) {
    const start = next++
    starts.push(start)
    const name = tensors.nameAt(rows[start] ?? 0)
    const at = name.indexOf(experts)
    if (at < 0) continue
    const length = Buffer.byteLength(name.slice(0, at + experts.length))
    while (next < rows.length && tensors.sameBeginning(rows[start] ?? 0, rows[next] ?? 0, length)) next++
  }
  return starts
}

/** The module of a tensor called `scales`, its other tensors found by their names. */
function besideScales(model: Model, shard: Shard, row: number, hasBiases: boolean): QuantizedModule | undefined {
  const path = pathOf(shard.tensors.nameAt(row), 'scales')
  const find = (parameter: string): LazyTensor | undefined => {
    const name = path === '' ? parameter : `${path}.${parameter}`
    const own = shard.tensors.indexOf(name)
    if (own >= 0) return new LazyTensor(shard, own)
    const folder = folderOf(shard.path)
    const other = model.shards.findLast(each => folderOf(each.path) === folder && each.tensors.indexOf(name) >= 0)
    return other && new LazyTensor(other, other.tensors.indexOf(name))
  }
  const weight = find('weight')
  return weight && { path, weight, scales: new LazyTensor(shard, row), biases: hasBiases ? find('biases') : undefined }
}

function quantized({ path, members }: StoredModule): QuantizedModule | undefined {
  const [weight, scales, biases] = ['weight', 'scales', 'biases'].map(parameter => members.get(parameter))
  if (!weight || !scales) return undefined
  const lazy = ({ shard, index }: Member) => new LazyTensor(shard, index)
  return { path, weight: lazy(weight), scales: lazy(scales), biases: biases && lazy(biases) }
}

const cache = new WeakMap<Model, readonly QuantizedModule[]>()

/** Every module with U32 `weight` and `scales`, rank by rank, in the order of its scales. */
export function quantizedModules(model: Model): readonly QuantizedModule[] {
  let found = cache.get(model)
  if (!found) {
    found = inOrder(
      model,
      quantizedKinds(model).flatMap(kind => kind.modules()),
    )
    cache.set(model, found)
  }
  return found
}

/** Modules of several kinds in the order in which the shards hold their scales. */
export function inOrder(model: Model, modules: readonly QuantizedModule[]): readonly QuantizedModule[] {
  if (modules.length < 2) return modules
  const numbers = new Map(model.shards.map((shard, number) => [shard, number] as const))
  const placeOf = ({ scales }: QuantizedModule): number => numbers.get(scales.shard) ?? 0
  return [...modules].sort((a, b) => placeOf(a) - placeOf(b) || a.scales.index - b.scales.index)
}

const verdicts = new WeakMap<TensorFamily, { scales: TensorFamily; biases?: TensorFamily; verdict: Verdict }[]>()

/** What the three shapes of a module are to one another; judged once for all modules of the same shapes. */
export function verdictOf({ weight, scales, biases }: QuantizedModule): Verdict {
  let known = verdicts.get(weight.family)
  if (!known) verdicts.set(weight.family, (known = []))
  const same = known.find(k => k.scales === scales.family && k.biases === biases?.family)
  if (same) return same.verdict
  const verdict = judgeTriple({
    weight: weight.family.shape,
    scales: scales.family.shape,
    biases: biases?.family.shape,
    float: scales.family.dtype === 'U8',
  })
  known.push({ scales: scales.family, biases: biases?.family, verdict })
  return verdict
}

class LazyTensor implements PackedTensor {
  readonly family: TensorFamily
  private known: Tensor | undefined

  constructor(
    readonly shard: Shard,
    readonly index: number,
  ) {
    this.family = shard.tensors.familyAt(index)
  }

  get tensor(): Tensor {
    return (this.known ??= this.shard.tensors.tensorAt(this.index))
  }
}
