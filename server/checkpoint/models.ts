// Which files make one model. Pure: it sees paths and facts, never a disk. The rules, in order:
// 1. adapters, and files that were named one by one, stand alone;
// 2. sibling folders alike but for a number (rank_0, rank_1) are the ranks of one model, whose path is the folder of the
//    config above them (up to two levels), else the folder that holds them;
// 3. a folder with config.json, an index, or files named like a model's is one model, its path the folder; should a
//    model of ranks want the same path, the ranks take the next folder down;
// 4. any other file stands alone, its path the file;
// 5. an index in a folder without any shard is a model of which all shards are absent, as a repository is whose large files
//    were not fetched.

import type { JsonFile, Model, Shard } from './facts'
import { findProperty } from './jsonFile'
import { baseName, compareNatural, folderOf, joined, slashes } from './paths'
import { readShardIndex } from './shardIndex'

export interface CheckpointFiles {
  readonly shards: readonly Shard[]
  /** Every config.json and hf_quant_config.json. */
  readonly configs: readonly JsonFile[]
  /** Every `*.safetensors.index.json`. */
  readonly indexes: readonly JsonFile[]
  /** Other JSON files of the same folders. */
  readonly data?: readonly JsonFile[]
  /** Paths of shards that were named one by one, so that their folders were not looked at. */
  readonly named?: ReadonlySet<string>
}

/** A folder of a model that is split over several. */
export interface Rank {
  readonly label: string
  readonly path: string
  readonly shards: readonly Shard[]
}

const adapterName = /^(\d+_)?adapters?(_model)?\.safetensors$|^adapter_model-\d+-of-\d+\.safetensors$/
const modelName =
  /^(model|pytorch_model|diffusion_pytorch_model|weights|consolidated)\b.*\.safetensors$|-\d+-of-\d+\.safetensors$/
/** What people and frameworks call the folders of a split model; a number must follow. */
const rankName =
  /^(mp[-_]?)?(rank|node|shard|tp|pp|ep|part|partition|split|slice|stage|device|gpu|worker|host)s?[-_.]?\d/i
/** Folders that count training, not slices. */
const trainingName = /^(checkpoint|ckpt|epoch|step|iter|iteration|run|exp|trial|version|v|global_step)s?[-_.]?\d/i

/** Groups files into models, in natural order of their paths. `lonePaths`: shards that stand alone whatever surrounds them. */
export function groupModels(files: CheckpointFiles, lonePaths: ReadonlySet<string> = new Set()): readonly Model[] {
  const configs = new Map(
    files.configs.filter(file => baseName(file.path) === 'config.json').map(file => [folderOf(file.path), file]),
  )
  const quantFiles = new Map(
    files.configs.filter(file => baseName(file.path) === quantFileName).map(file => [folderOf(file.path), file]),
  )
  const indexes = new Map<string, JsonFile[]>()
  for (const file of [...files.indexes].sort(byPath)) {
    const folder = folderOf(file.path)
    indexes.set(folder, [...(indexes.get(folder) ?? []), file])
  }
  const lone: Shard[] = []
  const folders = new Map<string, Shard[]>()
  for (const shard of [...files.shards].sort(byPath)) {
    const folder = folderOf(shard.path)
    if (lonePaths.has(shard.path) || adapterName.test(baseName(shard.path))) lone.push(shard)
    else if (folders.has(folder)) folders.get(folder)?.push(shard)
    else folders.set(folder, [shard])
  }
  const groups = rankGroups([...folders.keys()], configs)
  const inRanks = new Set(groups.flat())
  const aboveRanks = new Set(groups.map(group => configFolder(group, configs)))
  const models: Model[] = []
  for (const [folder, all] of folders) {
    if (inRanks.has(folder)) continue
    const named = all.some(shard => modelName.test(baseName(shard.path)))
    // The config above ranks speaks of them; it does not make a model of other files that lie beside it.
    const isModel = named || indexes.has(folder) || (configs.has(folder) && !aboveRanks.has(folder))
    const [own, others] = isModel ? withoutCopies(all) : [[], all]
    if (own.length > 0)
      models.push(modelOf(folder, own, listOf(configs.get(folder)), indexOf(own, indexes.get(folder))))
    lone.push(...others)
  }
  const taken = new Set(models.map(model => model.path))
  for (const group of groups) {
    const above = configFolder(group, configs)
    const path = [above, folderOf(group[0] ?? ''), group[0]].find(each => each !== undefined && !taken.has(each)) ?? ''
    taken.add(path)
    const own = [...(above === undefined ? [] : [above]), ...group].flatMap(folder => listOf(configs.get(folder)))
    const shards = group.flatMap(folder => folders.get(folder) ?? [])
    const near = [above, folderOf(group[0] ?? '')].flatMap(folder => (folder && indexes.get(folder)) || [])
    models.push(modelOf(path, shards, own, indexOf(shards, near)))
  }
  for (const shard of lone) models.push(modelOf(shard.path, [shard], [], undefined))
  const paths = new Set(models.map(model => model.path))
  for (const [folder, own] of indexes)
    if (!folders.has(folder) && !paths.has(folder) && namesOnlyAbsent(own, files.shards))
      models.push(modelOf(folder, [], listOf(configs.get(folder)), own[0]))
  const { named = new Set() } = files
  return models
    .map(model => withQuantFile(model, quantFiles))
    .map(model => withData(model, files.data ?? []))
    .map(model => (model.shards.some(shard => named.has(shard.path)) ? { ...model, isPartial: true } : model))
    .sort((a, b) => compareNatural(a.path, b.path))
}

/** Whether indexes name shards, of which none is there. */
function namesOnlyAbsent(indexes: readonly JsonFile[], shards: readonly Shard[]): boolean {
  const present = new Set(shards.map(({ path }) => slashes(path)))
  const named = indexes.flatMap(file => readShardIndex(file).files.map(each => joined(folderOf(file.path), each)))
  return named.length > 0 && !named.some(path => present.has(slashes(path)))
}

/** What ModelOpt calls the file of its own that it writes beside config.json. */
export const quantFileName = 'hf_quant_config.json'

/** Loaders look for it beside config.json. */
function withQuantFile(model: Model, quantFiles: ReadonlyMap<string, JsonFile>): Model {
  const [config] = model.configs
  const quantFile = config && quantFiles.get(folderOf(config.path))
  return quantFile ? { ...model, quantFile } : model
}

/** The JSON files of a model. */
export const jsonFilesOf = ({ configs, quantFile, index, data = [] }: Model): readonly JsonFile[] => [
  ...configs,
  ...listOf(quantFile),
  ...listOf(index),
  ...data,
]

/** Those of some JSON files that belong to no model, in the order of their paths. */
export function strayFiles(files: readonly JsonFile[], models: readonly Model[]): readonly JsonFile[] {
  const own = new Set(models.flatMap(jsonFilesOf))
  return files.filter(file => !own.has(file)).sort(byPath)
}

const ranks = new WeakMap<Model, readonly Rank[]>()

/** The folders of a model that is split over several, in natural order; empty where all its files are in one. */
export function ranksOf(model: Model): readonly Rank[] {
  let known = ranks.get(model)
  if (!known) ranks.set(model, (known = ranksIn(model)))
  return known
}

function ranksIn(model: Model): readonly Rank[] {
  const folders = new Map<string, Shard[]>()
  for (const shard of model.shards) {
    const folder = folderOf(shard.path)
    const own = folders.get(folder)
    if (own) own.push(shard)
    else folders.set(folder, [shard])
  }
  const [only] = folders.keys()
  if (folders.size === 0 || (folders.size === 1 && (only === model.path || model.path.endsWith('.safetensors'))))
    return []
  return [...folders].map(([path, shards]) => ({ label: baseName(path), path, shards }))
}

/** Sets of sibling folders that hold the slices of one model. */
function rankGroups(folders: readonly string[], configs: ReadonlyMap<string, JsonFile>): string[][] {
  const alike = new Map<string, string[]>()
  for (const folder of folders) {
    const name = baseName(folder)
    if (!/\d/.test(name) || trainingName.test(name)) continue
    const key = `${folderOf(folder)}/${name.toLowerCase().replace(/[-_.]*\d+/g, '#')}`
    const group = alike.get(key)
    if (group) group.push(folder)
    else alike.set(key, [folder])
  }
  return [...alike.values()]
    .map(group => group.sort(compareNatural))
    .filter(group => isSplit(group, configs))
    .sort(([a = ''], [b = '']) => compareNatural(a, b))
}

/**
 * One folder alone is a rank only by its name and with the config above it; several, by their names whatever else there
 * is; and several of unknown names, if none has a config and there is one just above.
 */
function isSplit(group: readonly string[], configs: ReadonlyMap<string, JsonFile>): boolean {
  const named = group.every(folder => rankName.test(baseName(folder)))
  if (group.length > 1 && named) return true
  if (group.some(folder => configs.has(folder))) return false
  if (group.length > 1) return configs.has(folderOf(group[0] ?? ''))
  return named && configFolder(group, configs) !== undefined
}

/** The folder of the config above ranks: that which holds them, or the one above that. */
function configFolder([first = '']: readonly string[], configs: ReadonlyMap<string, JsonFile>): string | undefined {
  const parent = folderOf(first)
  return [parent, folderOf(parent)].find(folder => configs.has(folder))
}

/** Mistral puts its weights a second time beside model*.safetensors, under its own names. */
function withoutCopies(shards: readonly Shard[]): [Shard[], Shard[]] {
  const isCopy = (shard: Shard): boolean => baseName(shard.path).startsWith('consolidated')
  const hasModel = shards.some(shard => baseName(shard.path).startsWith('model'))
  return [shards.filter(shard => !hasModel || !isCopy(shard)), shards.filter(shard => hasModel && isCopy(shard))]
}

/** Of several indexes the one whose name the shards bear; `consolidated` and variants such as `fp16` have their own. */
function indexOf(shards: readonly Shard[], indexes: readonly JsonFile[] = []): JsonFile | undefined {
  const stem = (file: JsonFile): string => baseName(file.path).replace(/\.safetensors\.index\.json$/, '')
  const borne = (file: JsonFile): number =>
    shards.filter(shard =>
      new RegExp(`^${escaped(stem(file))}(-\\d+-of-\\d+)?\\.safetensors$`).test(baseName(shard.path)),
    ).length
  return [...indexes].sort((a, b) => borne(b) - borne(a))[0]
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function modelOf(
  path: string,
  shards: readonly Shard[],
  configs: readonly JsonFile[],
  index: JsonFile | undefined,
): Model {
  return { path, kind: kindOf(shards, configs), shards, configs, ...(index ? { index } : {}) }
}

/** What lies in the folders of a model's shards, of its config, or in its own. */
function withData(model: Model, data: readonly JsonFile[]): Model {
  if (data.length === 0) return model
  const folders = new Set([model.path, ...[...model.shards, ...model.configs].map(({ path }) => folderOf(path))])
  const own = data.filter(file => folders.has(folderOf(file.path)))
  return own.length > 0 ? { ...model, data: own } : model
}

/** Enough of a model to see how it is stored. */
const shardsToLookAt = 2
const namesToLookAt = 1000

function kindOf(shards: readonly Shard[], configs: readonly JsonFile[]): Model['kind'] {
  const formats = new Set(shards.map(shard => shard.metadata.get('format')))
  if (formats.has('mlx') || shards.slice(0, shardsToLookAt).some(hasPackedWeight)) return 'mlx'
  if (['pt', 'tf', 'flax', 'np'].some(format => formats.has(format))) return 'huggingface'
  const written = ['transformers_version', 'architectures', 'torch_dtype', 'peft_type']
  return configs.some(config => written.some(key => findProperty(config.root, [key]))) ? 'huggingface' : 'unknown'
}

/** MLX alone packs quantized weights into U32 and calls what goes with them scales. */
function hasPackedWeight({ tensors }: Shard): boolean {
  for (let i = 0; i < Math.min(tensors.count, namesToLookAt); i++) {
    const name = tensors.nameAt(i)
    if (name.endsWith('.scales') && tensors.find(`${name.slice(0, -'scales'.length)}weight`)?.dtype === 'U32')
      return true
  }
  return false
}

function listOf<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value]
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return compareNatural(a.path, b.path)
}
