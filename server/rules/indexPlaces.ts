// What the rules about an index share: places in its text, long lists of tensors in words, and whether it speaks of
// these files at all.

import type { JsonFile, Model } from '../checkpoint/facts'
import { type IndexFit, indexFitOf } from '../checkpoint/indexFit'
import type { IndexEntry } from '../checkpoint/shardIndex'
import type { Range } from '../protocol'
import { count, foldNames, rangeIn } from './show'

/** A model with its index and how the two fit. */
export interface Indexed {
  readonly model: Model
  readonly file: JsonFile
  readonly fit: IndexFit
}

/** Models whose index can be held against their shards. */
export function indexed(models: readonly Model[]): readonly Indexed[] {
  return models.flatMap(model => {
    const fit = indexFitOf(model)
    return model.index && fit && fit.index.count > 0 ? [{ model, file: model.index, fit }] : []
  })
}

/** The same without an index that is about other files, which is one fault and not thousands, or that is not all there. */
export const usable = (models: readonly Model[]): readonly Indexed[] =>
  indexed(models).filter(({ fit }) => !isStale(fit) && fit.index.faults.every(({ kind }) => kind === 'no-metadata'))

/** Whether the index is about another save: it names none of the shards that are there, or is mostly wrong about them. */
export function isStale({ named, absent, misplaced, right, unlisted }: IndexFit): boolean {
  if (named.size === 0) return absent.length > 0 && unlisted.length > 0
  const wrong = misplaced.reduce((sum, { entries }) => sum + entries.length, 0)
  return wrong > right && wrong > 1
}

export const rangeOfName = (file: JsonFile, { nameOffset, nameLength }: IndexEntry): Range =>
  rangeIn(file, nameOffset, nameOffset + nameLength)

export const rangeOfFile = (file: JsonFile, { fileOffset, fileLength }: IndexEntry): Range =>
  rangeIn(file, fileOffset, fileOffset + fileLength)

/** Names beyond these are counted, not folded. */
const namesToFold = 500

/** `12 tensors, model.layers.0-3.mlp.down_proj.weight and 2 more`. */
export function showTensors(names: readonly string[]): string {
  return `${count(names.length, 'tensor')} (${foldNames(names.length > namesToFold ? names.slice(0, namesToFold) : names, 3)})`
}

/** A few file names, the rest counted. */
export function showFiles(files: readonly string[], most = 4): string {
  return files.length <= most ? files.join(', ') : `${files.slice(0, most).join(', ')} and ${files.length - most} more`
}
