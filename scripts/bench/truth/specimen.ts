// A specimen is one page of the corpus as plain files: texts, and shards that are still tables, so that a mutation can
// change a tensor by its name. Files are immutable and keep their identity, which is what the caches go by.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DType } from '../../../server/checkpoint/dtype'
import { readTable } from '../../../test/support/buildCheckpoint'
import { isShardBlock, readCasePage, workspace } from '../../../test/support/casePage'

export interface TextFile {
  readonly kind: 'text'
  readonly text: string
}

export interface StoredTensor {
  readonly name: string
  readonly dtype: DType
  /** In elements, as stored. */
  readonly shape: readonly number[]
  /** The name whose numbers it holds, where it was renamed. */
  readonly numbersOf?: string
  /** The dtype whose bytes it holds, of the same width, where the header says another. */
  readonly bytesOf?: DType
  /** Whether its numbers are those of a tensor with the last two axes exchanged, written out the other way round. */
  readonly isTurned?: boolean
}

export interface ShardFile {
  readonly kind: 'shard'
  readonly tensors: readonly StoredTensor[]
  readonly metadata: Readonly<Record<string, string>>
  /** Bytes appended at the end, or taken off where it is negative. */
  readonly change: number
}

export type SpecimenFile = TextFile | ShardFile
/** By path below the workspace, with forward slashes. */
export type SpecimenFiles = ReadonlyMap<string, SpecimenFile>

export type Tongue = 'python' | 'javascript'

export interface Specimen {
  /** The page's name without its ending; unique in the corpus. */
  readonly name: string
  readonly language: Tongue
  /** Page, from the project's folder. */
  readonly page: string
  /** The program that is run, as a path of `files`. */
  readonly entry: string
  readonly files: SpecimenFiles
}

const kinds: Readonly<Record<string, Tongue>> = { py: 'python', ts: 'javascript', js: 'javascript', mjs: 'javascript' }
const folders: readonly Tongue[] = ['python', 'javascript']

/** Every page below test/cases/truth, in the order of their names. */
export function readCorpus(root: string): Specimen[] {
  return folders.flatMap(language => {
    const folder = join(root, 'test/cases/truth', language)
    return readdirSync(folder)
      .filter(file => file.endsWith('.md'))
      .sort()
      .map(file => readSpecimen(`test/cases/truth/${language}/${file}`, readFileSync(join(folder, file), 'utf8')))
  })
}

/** The specimen on a page; the first source block is the program that is run. */
export function readSpecimen(page: string, text: string): Specimen {
  const [only, ...others] = readCasePage(text)
  if (!only || others.length > 0) throw new Error(`${page} must hold one case`)
  const files = new Map<string, SpecimenFile>()
  let entry: { path: string; language: Tongue } | undefined
  for (const block of only.blocks.filter(({ isFixed }) => !isFixed)) {
    const path = block.path.slice(workspace.length + 1)
    const language = kinds[block.kind]
    if (language && !entry) entry = { path, language }
    if (block.kind === 'raw') throw new Error(`${page}: a raw block has no numbers; write a table`)
    files.set(
      path,
      isShardBlock(block)
        ? { kind: 'shard', ...readTable(block.lines) }
        : { kind: 'text', text: block.lines.map(line => `${line}\n`).join('') },
    )
  }
  if (!entry) throw new Error(`${page} holds no program`)
  const name = page.slice(page.lastIndexOf('/') + 1).replace(/\.md$/, '')
  return { name, page, language: entry.language, entry: entry.path, files }
}
