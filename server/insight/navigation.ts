// From a place to the tensors that it speaks of, and from tensors to the places that load them.

import { splitName } from '../checkpoint/modules'
import { readShardIndex } from '../checkpoint/shardIndex'
import type { JsonFile, Model, Shard } from '../checkpoint/facts'
import { folderOf } from '../checkpoint/paths'
import type { Analysis, Snapshot } from '../engine'
import type { Place } from '../interp/values/value'
import type { LoadersParams, Position, Range } from '../protocol'
import { offsetIn, rangeIn, rangeOf } from '../rules/show'
import { headerTensor } from '../tree/headerText'
import { lookupsIn, smallestAt } from './lookups'

/** A stored tensor by name. */
export interface TensorRef {
  readonly model: Model
  readonly shard: Shard
  readonly tensor: string
}

export interface Spoken {
  /** The text that speaks of the tensors. */
  readonly range: Range
  readonly tensors: readonly TensorRef[]
}

/** Tensors that a place in a program or in an index speaks of; undefined where it speaks of none. */
export function tensorsAt(
  snapshot: Snapshot,
  analysis: Analysis,
  path: string,
  position: Position,
): Spoken | undefined {
  const program = snapshot.programs.find(p => p.path === path)
  if (program) {
    const lookup = smallestAt(lookupsIn(analysis.facts, path), offsetIn(program, position))
    if (!lookup) return undefined
    const tensors = lookup
      .found()
      .map(({ stored: { model, shard, tensor } }) => ({ model, shard, tensor: tensor.name }))
    return tensors.length > 0 ? { range: rangeOf(lookup.place), tensors } : undefined
  }
  for (const model of snapshot.models)
    if (model.index?.path === path) return inIndex(model, model.index, offsetIn(model.index, position))
  return undefined
}

/** An entry of an index is seldom longer; what is around the cursor is looked at, not a text of fifty megabytes. */
const window = 4_000
const entry = /"((?:[^"\\]|\\.)*)"\s*:\s*"(?:[^"\\]|\\.)*"/g

function inIndex(model: Model, file: JsonFile, offset: number): Spoken | undefined {
  const from = Math.max(0, offset - window)
  const line = file.text.lastIndexOf('\n', offset - 1) + 1
  const start = Math.max(from, line)
  for (const match of file.text.slice(start, offset + window).matchAll(entry)) {
    const [begin, end] = [start + match.index, start + match.index + match[0].length]
    if (begin > offset) return undefined
    if (offset > end) continue
    const name = unquoted(match[1] ?? '')
    const found = name === undefined ? undefined : readShardIndex(file).find(name)
    if (!found || name === undefined) return undefined
    const tensors = model.shards
      .filter(shard => shard.tensors.indexOf(name) >= 0)
      // The shard that the entry names speaks first; where it has no such tensor, whoever has.
      .sort((a, b) => Number(isNamed(file, found.file, b)) - Number(isNamed(file, found.file, a)))
      .map(shard => ({ model, shard, tensor: name }))
    return { range: rangeIn(file, found.nameOffset, found.nameOffset + found.nameLength), tensors }
  }
  return undefined
}

const isNamed = (index: JsonFile, file: string, shard: Shard): boolean =>
  shard.path === `${folderOf(index.path)}/${file}` || shard.path === `${folderOf(index.path)}\\${file}`

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}

/** The stored tensors that are meant. */
export function tensorsOf({ models }: Snapshot, wanted: LoadersParams): readonly TensorRef[] {
  const found: TensorRef[] = []
  for (const model of models) {
    if (wanted.model !== undefined && model.path !== wanted.model) continue
    for (const shard of model.shards) {
      if (wanted.path !== undefined && shard.path !== wanted.path) continue
      if (wanted.module !== undefined) {
        for (const name of shard.tensors.names())
          if (splitName(name).module === wanted.module || name.startsWith(`${wanted.module}.`))
            found.push({ model, shard, tensor: name })
        continue
      }
      const name = wanted.tensor ?? (wanted.line === undefined ? undefined : headerTensor(shard, wanted.line))
      if (name !== undefined && shard.tensors.indexOf(name) >= 0) found.push({ model, shard, tensor: name })
    }
  }
  return found
}

/** Expressions that ask for any of the tensors, then the calls that open their files. Each place once, in its order. */
export function loadersOf(snapshot: Snapshot, analysis: Analysis, tensors: readonly TensorRef[]): readonly Place[] {
  const names = new Map<Shard, Set<string>>()
  for (const { shard, tensor } of tensors) {
    const known = names.get(shard)
    if (known) known.add(tensor)
    else names.set(shard, new Set([tensor]))
  }
  const asked = snapshot.programs.flatMap(({ path }) =>
    lookupsIn(analysis.facts, path)
      .filter(l => l.kind === 'load')
      .filter(l => l.found().some(({ stored }) => names.get(stored.shard)?.has(stored.tensor.name)))
      .map(l => l.place),
  )
  const opened = analysis.facts.runs.flatMap(run =>
    run.loads.filter(l => names.has(l.shard) && (l.named || run.met.has(l.model))).map(l => l.at),
  )
  return [...new Set([...asked, ...opened])]
}
