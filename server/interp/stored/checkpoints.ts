// Binds what a program asks for to the real files: a path to shards, a key to tensors, a config path to its values.
// A path that is known decides; what is not known is read as the checkpoint bound to this run, and that is remembered.

import type { Node as JsonNode } from 'jsonc-parser'
import type { JsonFile, Model, Shard } from '../../checkpoint/facts'
import { noteFileRead } from './fileReads'
import { derive, type Machine, noteLoads, noteRead, type Reader } from '../run/machine'
import { filesOfFolder, loadIndex } from './folders'
import { literalSuffix, matchTemplate, partsOf, type Part } from '../values/text'
import { type ArrayLibrary, type Assign, type DictValue, type Place, type Value, dict, list } from '../values/value'
import { isScratch, writtenAt, writtenMatching } from './writtenFiles'

const clean = (path: string) =>
  path
    .replace(/\\/g, '/')
    .replace(/\/{2,}/g, '/')
    .replace(/\/\.(?=\/|$)/g, '')

/** Resolves `.` and `..` of a path that may be relative, in `/` form. */
export function normalize(path: string): string {
  const out: string[] = []
  for (const segment of clean(path).split('/')) {
    if (segment === '.') continue
    if (segment === '..' && out.length > 0 && out[out.length - 1] !== '..' && out[out.length - 1] !== '') out.pop()
    else out.push(segment)
  }
  return out.join('/')
}

const folderOf = (path: string) => path.slice(0, Math.max(0, clean(path).lastIndexOf('/')))
export const baseName = (path: string) => clean(path).slice(clean(path).lastIndexOf('/') + 1)

/** Absolute readings of a literal path in a program: from its own folder upwards, then from the workspace folders. */
export function readings(m: Machine, text: string, programPath: string): string[] {
  if (/^(\/|[A-Za-z]:)/.test(text)) return [normalize(text)]
  const bases: string[] = []
  const roots = m.folders.map(clean)
  for (let folder = clean(folderOf(programPath)); folder; folder = folderOf(folder)) {
    bases.push(folder)
    if (roots.includes(folder)) break
  }
  return [...new Set([...bases, ...roots])].map(base => normalize(`${base}/${text}`))
}

/** A file that a path may mean, and what it is. */
export interface Candidate<T> {
  readonly path: string
  readonly value: T
}

const pathsOf = new WeakMap<readonly Candidate<unknown>[], ReadonlyMap<string, readonly unknown[]>>()
/** Candidates by their paths in `/` form. */
function byPath<T>(candidates: readonly Candidate<T>[]): ReadonlyMap<string, readonly Candidate<T>[]> {
  const known = pathsOf.get(candidates)
  if (known) return known as ReadonlyMap<string, readonly Candidate<T>[]>
  const found = new Map<string, Candidate<T>[]>()
  for (const candidate of candidates) {
    const path = clean(candidate.path)
    found.set(path, [...(found.get(path) ?? []), candidate])
  }
  pathsOf.set(candidates, found)
  return found
}

interface ShardOfModel {
  readonly model: Model
  readonly shard: Shard
}

const shardsOf = new WeakMap<readonly Model[], readonly Candidate<ShardOfModel>[]>()
/** All shards of all models, as the candidates of a path. */
export function shardCandidates(models: readonly Model[]): readonly Candidate<ShardOfModel>[] {
  let known = shardsOf.get(models)
  if (!known) {
    known = models.flatMap(model => model.shards.map(shard => ({ path: shard.path, value: { model, shard } })))
    shardsOf.set(models, known)
  }
  return known
}

/** Files among `paths` that a path value can mean, with what its holes stand for; undefined where it says nothing. */
export function matchPaths<T>(
  m: Machine,
  path: Value,
  at: Place,
  candidates: readonly Candidate<T>[],
): readonly { value: T; assign: Assign }[] | undefined {
  const parts = partsOf(path)
  if (!parts) return undefined
  if (parts.length === 1 && typeof parts[0] === 'string') {
    for (const reading of readings(m, parts[0], at.program.path)) {
      const found = byPath(candidates).get(reading)
      if (found) return found.map(c => ({ value: c.value, assign: [] }))
    }
    return undefined
  }
  const relative: Part[] = parts.map(p => (typeof p === 'string' ? clean(p) : p))
  if (typeof relative[0] === 'string') relative[0] = relative[0].replace(/^(\.\/)+/, '')
  const literal = relative.filter(p => typeof p === 'string').join('')
  // Nothing but an extension or a bare file name says too little to choose by.
  if (!/[A-Za-z0-9]/.test(literal.replace(/\.(safetensors|json|npz)$/i, ''))) return undefined
  const found = candidates.flatMap(c => {
    const assign = matchTemplate(relative, clean(c.path), true)
    return assign ? [{ value: c.value, assign }] : []
  })
  return found.length > 0 ? found : undefined
}

/** Whether a path says more than the name that every checkpoint has; a folder that is an input may be any. */
const saysWhich = (parts: readonly Part[]): boolean =>
  parts.every(p => typeof p === 'string') ||
  /[A-Za-z0-9]/.test(
    parts
      .filter(p => typeof p === 'string')
      .join('/')
      .replace(/(?:model|weights|consolidated|[-_.\dof])*\.(safetensors|npz)$/i, ''),
  )

/** The dict that loading a path gives. */
export function loadWeights(
  m: Machine,
  path: Value,
  at: Place,
  reader: Reader,
  library: ArrayLibrary | undefined,
): DictValue {
  const own = writtenAt(m, path)
  if (own) return own.content?.kind === 'dict' ? own.content : dict([], true)
  if (isScratch(m, path)) return dict([], true)
  let matched = matchPaths(m, path, at, shardCandidates(m.models))
  if (matched && partsOf(path)?.some(p => typeof p !== 'string')) {
    const own = matched.filter(e => e.value.model === m.bound)
    if (matched.some(e => e.value.model !== matched?.[0]?.value.model)) m.askedBound = true
    matched = own.length > 0 ? own : matched.every(e => e.value.model === matched?.[0]?.value.model) ? matched : []
  }
  const weights = dict()
  if (!matched) {
    const parts = partsOf(path)
    const isLiteral = parts?.length === 1 && typeof parts[0] === 'string'
    // A literal path to a file that is not there says that it is another checkpoint.
    if (isLiteral && /\.(safetensors|npz|gguf)$/i.test(parts[0] as string)) {
      noteFileRead(m, path, at, reader, text => readings(m, text, at.program.path))
      weights.open = true
      return weights
    }
    const bound = boundWeights(m, path, library)
    for (const view of bound.views) noteLoads(m, reader, at, view.entries, false)
    return bound
  }
  const named = saysWhich(partsOf(path) ?? []) && !matched.some(e => m.guessed.has(e.value.shard.path))
  noteLoads(
    m,
    reader,
    at,
    matched.map(e => e.value),
    named,
  )
  const choice =
    matched.length > 1 ? derive(m, `file of ${JSON.stringify(partsOf(path))}`, 'one of several files') : undefined
  weights.views.push({
    entries: matched.map(e => ({
      ...e.value,
      assign: choice ? (mergeAssigns(e.assign, [[choice.symbol, e.value.shard.path]]) ?? e.assign) : e.assign,
    })),
    named,
    library,
  })
  return weights
}

/** All shards of the bound checkpoint, of which an unknown path loads one. */
export function boundWeights(m: Machine, path: Value, library?: ArrayLibrary): DictValue {
  m.askedBound = true
  const weights = dict([], m.bound === undefined)
  const model = m.bound
  if (!model) return weights
  const key = `bound file of ${JSON.stringify(partsOf(path) ?? '?')}`
  const choice = model.shards.length > 1 ? derive(m, key, 'one of the files of the model') : undefined
  weights.views.push({
    entries: model.shards.map(shard => ({
      model,
      shard,
      assign: choice ? [[choice.symbol, shard.path] as const] : [],
    })),
    named: false,
    library,
  })
  return weights
}

/** A JSON value with the places of its leaves. */
export function fromJson(file: JsonFile, node: JsonNode, guessed = false): Value {
  if (node.type === 'object') {
    const entries = (node.children ?? []).flatMap(property => {
      const [key, value] = property.children ?? []
      return key && value ? [[String(key.value), fromJson(file, value, guessed)] as [string, Value]] : []
    })
    return { ...dict(entries), guessed }
  }
  if (node.type === 'array') return list((node.children ?? []).map(child => fromJson(file, child, guessed)))
  return {
    kind: 'const',
    value: node.value as string | number | boolean | null,
    config: { file, offset: node.offset, length: node.length },
  }
}

/** What reading a JSON file gives: the config that the path names, or that of the bound checkpoint. */
export function loadJson(m: Machine, path: Value, at: Place): Value | undefined {
  const own = writtenAt(m, path)
  if (own || isScratch(m, path)) return own?.content
  const all = m.models.flatMap(model => model.configs.map(file => ({ path: file.path, value: { model, file } })))
  const matched = matchPaths(m, path, at, all)
  const parts = partsOf(path)
  const literal = parts?.length === 1 && typeof parts[0] === 'string'
  let file: JsonFile | undefined
  if (matched) {
    if (matched.some(e => e.value.model !== matched[0]?.value.model)) m.askedBound = true
    file = (matched.find(e => e.value.model === m.bound) ?? (literal || matched.length === 1 ? matched[0] : undefined))
      ?.value.file
  } else if (!literal && baseName(literalSuffix(path)) === 'config.json') {
    m.askedBound = true
    file = m.bound?.configs[0]
  }
  return file?.root ? fromJson(file, file.root, !literal) : (loadIndex(m, path, at) ?? loadData(m, path, at))
}

interface DataFile {
  /** Undefined where it belongs to none. */
  readonly model: Model | undefined
  readonly file: JsonFile
}

const dataOf = new WeakMap<Machine, readonly Candidate<DataFile>[]>()
/** Other JSON files than configs and indexes, as the candidates of a path. */
function dataCandidates(m: Machine): readonly Candidate<DataFile>[] {
  let known = dataOf.get(m)
  if (!known) {
    const own = m.models.flatMap(model =>
      [...(model.quantFile ? [model.quantFile] : []), ...(model.data ?? [])].map(file => ({ model, file })),
    )
    const all: readonly DataFile[] = [...own, ...m.data.map(file => ({ model: undefined, file }))]
    dataOf.set(m, (known = all.map(value => ({ path: value.file.path, value }))))
  }
  return known
}

/** Another JSON file, beside a checkpoint or anywhere in the workspace, where the path says which. */
function loadData(m: Machine, path: Value, at: Place): Value | undefined {
  const matched = matchPaths(m, path, at, dataCandidates(m))
  const [first] = matched ?? []
  if (!matched || !first) return undefined
  const isOne = matched.every(e => e.value.file === first.value.file)
  if (!isOne) m.askedBound = true
  const found = isOne ? first : matched.find(e => e.value.model === m.bound)
  const root = found?.value.file.root
  const literal = partsOf(path)?.every(p => typeof p === 'string')
  return found && root ? fromJson(found.value.file, root, !literal) : undefined
}

/** The value of a key of a free input that is the bound checkpoint's config. */
export function configKey(m: Machine, key: string): Value | undefined {
  m.askedBound = true
  const file = m.bound?.configs[0]
  if (!file?.root) return undefined
  const config = fromJson(file, file.root)
  const value = config.kind === 'dict' ? config.map.get(key) : undefined
  return value && noteRead(m, value)
}

/** Whether a pattern's folder holds files of a checkpoint, though none that the pattern finds, and nothing may yet make some. */
function isEmptied(m: Machine, pattern: string): boolean {
  const folder = pattern.slice(0, pattern.lastIndexOf('/'))
  const isSure = !/[*?[]/.test(folder) && m.made.size === 0 && m.madePaths.size === 0
  return isSure && filesOfFolder(m, folder).some(name => /^(config|.*\.safetensors\.index)\.json$/.test(name))
}

/** Shard paths that a folder and a glob pattern can mean, in order; `hidden`: whether `*` takes names that begin with a dot. */
export function globShards(m: Machine, pattern: Value, at: Place, hidden: boolean): Value[] | undefined {
  const parts = partsOf(pattern)
  const suffix = parts?.[parts.length - 1]
  if (!parts || typeof suffix !== 'string' || !/\*/.test(suffix) || !/safetensors|\*$/.test(suffix)) return undefined
  const written = writtenMatching(m, parts)
  if (written.length > 0) return [...written]
  if (isScratch(m, pattern)) return undefined
  const models = m.models
  const shards = models
    .flatMap(model => model.shards.map(shard => ({ model, shard })))
    .filter(({ shard }) => hidden || !baseName(shard.path).startsWith('.'))
  const wildcard = (text: string) =>
    text
      .split(/(\*\*\/|\*|\?)/)
      .map(t =>
        t === '**/' ? '(?:.*/)?' : t === '*' ? '[^/]*' : t === '?' ? '[^/]' : t.replace(/[.+^${}()|[\]\\]/g, '\\$&'),
      )
      .join('')
  const asConst = (found: typeof shards) => found.map(f => ({ kind: 'const', value: f.shard.path }) as Value)
  if (parts.length === 1) {
    for (const reading of readings(m, suffix, at.program.path)) {
      const regex = new RegExp(`^${wildcard(reading)}$`)
      const found = shards.filter(s => regex.test(clean(s.shard.path)))
      if (found.length > 0) return asConst(found)
      if (isEmptied(m, reading)) return []
    }
    return undefined
  }
  m.askedBound = true
  // Where there is no checkpoint at all the files are somewhere else.
  if (!m.bound) return undefined
  const regex = new RegExp(`${wildcard(suffix.replace(/^.*\/(?=[^/]*$)/, '/'))}$`)
  const found = shards.filter(s => s.model === m.bound && regex.test(clean(s.shard.path)))
  for (const { shard } of found) m.guessed.add(shard.path)
  return asConst(found)
}

/** Symbols assigned in both must agree; undefined where they do not. */
function mergeAssigns(a: Assign, b: Assign): Assign | undefined {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const merged = new Map(a)
  for (const [symbol, text] of b) {
    const other = merged.get(symbol)
    if (other !== undefined && other !== text) return undefined
    merged.set(symbol, text)
  }
  return [...merged].sort((x, y) => x[0] - y[0])
}
