// Numbers in the names of shards, `model-00003-of-00008.safetensors`: the sets that belong together, and what is missing
// from them. Sets of one name with different counts cannot both be the model. Names: huggingface_hub, serialization/.

import type { Model, Shard } from './facts'
import { baseName, folderOf } from './paths'

/** Shards of one folder whose names differ in their number alone. */
export interface ShardSet {
  readonly folder: string
  /** What the name says apart from the numbers; sets of equal stems are rivals. */
  readonly stem: string
  /** The number behind `of`. */
  readonly total: number
  readonly shards: readonly Shard[]
  /** Numbers that no file has, in order; counting begins at 1, or at 0 where a file has that number. */
  readonly missing: readonly number[]
  /** Counting may begin at 0, so that 0 is as likely to be missing as the last. */
  readonly mayBeginAtZero: boolean
  /** Name of the file with a number. */
  nameOf(number: number): string
}

/** Above this a count is no count of files that anybody has. */
const maxTotal = 100_000

const cache = new WeakMap<Model, readonly ShardSet[]>()

/** Every numbered set of a model, in the order of its shards; none where its folder was not looked at. */
export function shardSetsOf(model: Model): readonly ShardSet[] {
  let sets = cache.get(model)
  if (!sets) cache.set(model, (sets = isWhole(model) ? setsIn(model) : []))
  return sets
}

const isWhole = (model: Model): boolean => model.isPartial !== true && !model.path.endsWith('.safetensors')

function setsIn(model: Model): readonly ShardSet[] {
  const groups = new Map<string, { name: RegExpExecArray; folder: string; shards: Map<number, Shard> }>()
  for (const shard of model.shards) {
    const name = /^(.+?)([-_.])(\d+)(-of-|_of_|-of_|\.of\.)(\d+)(.*\.safetensors)$/.exec(baseName(shard.path))
    if (!name) continue
    const folder = folderOf(shard.path)
    const key = [folder, name[1], name[2], name[4], Number(name[5]), name[6]].join('\0')
    const group = groups.get(key) ?? { name, folder, shards: new Map<number, Shard>() }
    group.shards.set(Number(name[3]), shard)
    groups.set(key, group)
  }
  return [...groups.values()].flatMap(({ name, folder, shards }) => {
    const [, head = '', dash = '', digits = '', of = '', totalDigits = '', tail = ''] = name
    const total = Number(totalDigits)
    if (total > maxTotal) return []
    const first = shards.has(0) ? 0 : 1
    const missing = Array.from({ length: total }, (_, i) => first + i).filter(number => !shards.has(number))
    return [
      {
        folder,
        stem: head + dash + tail,
        total,
        shards: [...shards.values()],
        missing,
        mayBeginAtZero: first === 1 && missing.length === 1 && missing[0] === total,
        nameOf: (number: number) =>
          `${head}${dash}${String(number).padStart(digits.length, '0')}${of}${totalDigits}${tail}`,
      },
    ]
  })
}

/** Sets of one folder and stem that state different counts: at most one of them is the model. */
export function rivalSetsOf(model: Model): readonly (readonly ShardSet[])[] {
  const byStem = new Map<string, ShardSet[]>()
  for (const set of shardSetsOf(model)) {
    const key = `${set.folder}\0${set.stem}`
    const rivals = byStem.get(key)
    if (rivals) rivals.push(set)
    else byStem.set(key, [set])
  }
  return [...byStem.values()].filter(sets => sets.length > 1)
}
