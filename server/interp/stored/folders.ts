// What lies in a model's folder as programs see it: the index of its shards, and the names of its files.

import type { JsonFile, Model } from '../../checkpoint/facts'
import { readShardIndex } from '../../checkpoint/shardIndex'
import { baseName, type Candidate, matchPaths, readings } from './checkpoints'
import type { Machine } from '../run/machine'
import { groupBy } from '../../util/groupBy'
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

/** Names of the files of models in a folder, and of the folders that lead to some, sorted; undefined where the folder is not one of a model. */
export function filesIn(m: Machine, folder: Value, at: Place): string[] | undefined {
  const parts = partsOf(folder)
  if (!parts) return undefined
  const [only] = parts
  if (parts.length > 1 || typeof only !== 'string') {
    m.askedBound = true
    return m.bound && namesIn(filesOf(m.bound), undefined)
  }
  const files = allFiles(m)
  for (const reading of readings(m, only, at.program.path)) {
    const found = namesIn(files, reading.replace(/\/$/, ''))
    if (found) return found
  }
  return undefined
}

/** Names of the files that are known to lie directly in a folder, by its absolute path. */
export const filesOfFolder = (m: Machine, folder: string): readonly string[] =>
  allFiles(m).flatMap(file => (file.slice(0, file.lastIndexOf('/')) === folder ? [baseName(file)] : []))

/** What is known to lie at a path that is known whole: a file of a model or of JSON, or a folder that holds one. */
export function kindAt(m: Machine, path: Value, at: Place): 'file' | 'folder' | undefined {
  const parts = partsOf(path)
  const [only] = parts ?? []
  if (parts?.length !== 1 || typeof only !== 'string') return undefined
  const files = allFiles(m)
  for (const reading of readings(m, only.replace(/(.)\/$/, '$1'), at.program.path)) {
    if (files.includes(reading)) return 'file'
    if (files.some(file => file.startsWith(`${reading}/`))) return 'folder'
  }
  return undefined
}

/** A folder below another, as a walk comes to it. */
export interface Visited {
  /** Path below the first, empty for itself. */
  readonly below: string
  readonly folders: readonly string[]
  readonly files: readonly string[]
}

/** Folders with files of models from one down, each before those in it; undefined where there are none. */
export function foldersBelow(m: Machine, folder: Value, at: Place): readonly Visited[] | undefined {
  const parts = partsOf(folder)
  const [only] = parts ?? []
  if (parts?.length !== 1 || typeof only !== 'string') return undefined
  for (const reading of readings(m, only, at.program.path)) {
    const top = `${reading.replace(/\/$/, '')}/`
    const found = allFiles(m).flatMap(file => (file.startsWith(top) ? [file.slice(top.length)] : []))
    if (found.length > 0) return visited(found, '')
  }
  return undefined
}

function visited(paths: readonly string[], below: string): Visited[] {
  const files = paths.filter(path => !path.includes('/')).sort()
  const inner = groupBy(
    paths.filter(path => path.includes('/')),
    path => path.slice(0, path.indexOf('/')),
  )
  const folders = [...inner.keys()].sort()
  const at = below === '' ? '' : `${below}/`
  return [
    { below, folders, files },
    ...folders.flatMap(name =>
      visited(
        (inner.get(name) ?? []).map(path => path.slice(name.length + 1)),
        at + name,
      ),
    ),
  ]
}

const known = new WeakMap<Machine, readonly string[]>()
/** Paths of all files of models and of JSON, in `/` form. */
function allFiles(m: Machine): readonly string[] {
  let files = known.get(m)
  if (!files) {
    const paths = [...m.models.flatMap(filesOf), ...m.data.map(file => file.path)]
    known.set(m, (files = [...new Set(paths.map(path => path.replace(/\\/g, '/')))]))
  }
  return files
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
    .flatMap(path => {
      if (folder === undefined) return [baseName(path)]
      // What lies deeper is there as the folder that leads to it.
      return path.startsWith(`${folder}/`) ? (path.slice(folder.length + 1).split('/')[0] ?? []) : []
    })
  return names.length > 0 ? [...new Set(names)].sort() : undefined
}
