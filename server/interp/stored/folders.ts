// What lies in a model's folder as programs see it: the index of its shards, and the names of its files.

import type { JsonFile, Model } from '../../checkpoint/facts'
import { readShardIndex } from '../../checkpoint/shardIndex'
import { baseName, type Candidate, matchPaths, readings } from './checkpoints'
import type { Machine } from '../run/machine'
import { literalSuffix, partsOf } from '../values/text'
import { constant, dict, type DictValue, isString, type Place, type Value } from '../values/value'

/** Entries of an index that are held one by one; of a larger one only the shape is known. */
const heldEntries = 20_000

/** The index of shards that a path means; undefined where it means none. */
export function loadIndex(m: Machine, path: Value, at: Place): Value | undefined {
  const all = m.models.flatMap((model): Candidate<{ model: Model; file: JsonFile }>[] =>
    model.index ? [{ path: model.index.path, value: { model, file: model.index } }] : [],
  )
  const matched = matchPaths(m, path, at, all)
  if (!matched) {
    if (isString(path) || !literalSuffix(path).endsWith('.safetensors.index.json')) return undefined
    m.askedBound = true
    return m.bound?.index && indexValue(m.bound.index)
  }
  if (matched.some(e => e.value.model !== matched[0]?.value.model)) m.askedBound = true
  const own = matched.find(e => e.value.model === m.bound) ?? (matched.length === 1 ? matched[0] : undefined)
  return own && indexValue(own.value.file)
}

function indexValue(file: JsonFile): DictValue {
  const index = readShardIndex(file)
  const map = dict([], index.count > heldEntries)
  if (!map.open) for (const entry of index.entries()) map.map.set(entry.name, constant(entry.file))
  const metadata = dict(index.totalSize ? [['total_size', constant(index.totalSize.value)]] : [], true)
  return dict([
    ['metadata', metadata],
    ['weight_map', map],
  ])
}

/** Names of the files of models in a folder, sorted; undefined where the folder is not one of a model. */
export function filesIn(m: Machine, folder: Value, at: Place): string[] | undefined {
  const parts = partsOf(folder)
  if (!parts) return undefined
  const [only] = parts
  if (parts.length > 1 || typeof only !== 'string') {
    m.askedBound = true
    return m.bound && namesIn(filesOf(m.bound), undefined)
  }
  const files = m.models.flatMap(filesOf)
  for (const reading of readings(m, only, at.program.path)) {
    const found = namesIn(files, reading.replace(/\/$/, ''))
    if (found) return found
  }
  return undefined
}

/** Whether a path that is known whole is that of a file of a model. */
export function isOfModel(m: Machine, path: Value, at: Place): boolean {
  const parts = partsOf(path)
  const [only] = parts ?? []
  if (parts?.length !== 1 || typeof only !== 'string') return false
  const files = new Set(m.models.flatMap(filesOf).map(file => file.replace(/\\/g, '/')))
  return readings(m, only, at.program.path).some(reading => files.has(reading))
}

const filesOf = (model: Model): string[] => [
  ...model.shards.map(s => s.path),
  ...model.configs.map(c => c.path),
  ...(model.index ? [model.index.path] : []),
  ...(model.data ?? []).map(d => d.path),
]

function namesIn(files: readonly string[], folder: string | undefined): string[] | undefined {
  const names = files
    .map(path => path.replace(/\\/g, '/'))
    .filter(path => folder === undefined || path.slice(0, path.lastIndexOf('/')) === folder)
    .map(baseName)
  return names.length > 0 ? [...new Set(names)].sort() : undefined
}
