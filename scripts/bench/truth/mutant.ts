// What an operator is and what it makes of a specimen. An operator finds its sites; a site says what becomes of which
// files, and where the change is to be seen.

import { applyOffsets, type OffsetEdit } from './offsets'
import type { ShardFile, Specimen, SpecimenFile, SpecimenFiles } from './specimen'

/** A place that was changed: a part of a text as it is afterwards, or a whole file. */
export interface Change {
  readonly path: string
  /** UTF-16 offsets in the changed text. */
  readonly span?: { readonly start: number; readonly end: number }
  readonly tensors?: readonly string[]
}

export interface Site {
  /** Text edits by path. */
  readonly edits?: ReadonlyMap<string, readonly OffsetEdit[]>
  /** Files put in place of others; undefined removes one. */
  readonly files?: ReadonlyMap<string, SpecimenFile | undefined>
  /** Further places that show the change. */
  readonly places?: readonly Change[]
  /** What was done, where no text shows it. */
  readonly said?: string
}

export type Target = 'program' | 'config' | 'checkpoint'

export interface Operator {
  readonly id: string
  readonly target: Target
  /** A clause: `a transpose is dropped`. */
  readonly what: string
  sites(specimen: Specimen): readonly Site[]
}

export interface Mutant {
  readonly specimen: Specimen
  readonly operator: Operator
  /** Unique within the specimen. */
  readonly id: string
  readonly files: SpecimenFiles
  readonly changes: readonly Change[]
  readonly before: string
  readonly after: string
  /** Page-relative place, for people: `run.py:12`. */
  readonly place: string
  /** Where the changed code stood in the original; absent for changes that are no program text. */
  readonly lines?: readonly (readonly [string, number])[]
}

/** Applies a site. */
export function mutantOf(specimen: Specimen, operator: Operator, site: Site, id: string): Mutant {
  const files = new Map(specimen.files)
  const changes: Change[] = [...(site.places ?? [])]
  const shown: { before: string; after: string; place: string }[] = []
  const lines: (readonly [string, number])[] = []
  for (const [path, file] of site.files ?? []) {
    if (file) files.set(path, file)
    else files.delete(path)
    changes.push({ path, tensors: file?.kind === 'shard' ? changedTensors(specimen.files.get(path), file) : [] })
    shown.push({ before: path, after: site.said ?? '', place: path })
  }
  for (const [path, edits] of site.edits ?? []) {
    const file = specimen.files.get(path)
    if (file?.kind !== 'text') throw new Error(`${specimen.name}: ${path} is no text`)
    const { text, spans } = applyOffsets(file.text, edits)
    files.set(path, { kind: 'text', text })
    changes.push(...spans.map(span => ({ path, span })))
    const [edit, span] = [edits[0], spans[0]]
    if (!edit || !span) continue
    for (const { start, end } of edits)
      for (let line = lineAt(file.text, start); line <= lineAt(file.text, end); line++) lines.push([path, line])
    const line = lineAt(file.text, edit.start)
    const place = `${path}:${line}`
    // What is gone with its line has no line to show.
    const isGone = edit.newText === '' && file.text.slice(edit.start, edit.end).includes('\n')
    const after = isGone ? '(gone)' : lineText(text, span.start)
    shown.push({ before: lineText(file.text, edit.start), after, place })
  }
  const [first] = shown
  return {
    specimen,
    operator,
    id,
    files,
    changes,
    before: first?.before ?? '',
    after: first?.after ?? '',
    place: first?.place ?? '',
    ...(operator.target === 'program' ? { lines } : {}),
  }
}

/** Counted from one. */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

function lineText(text: string, offset: number): string {
  const end = text.indexOf('\n', offset)
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, end < 0 ? text.length : end).trim()
}

/** Names of which one shard holds another tensor than the other, or none. */
function changedTensors(before: SpecimenFile | undefined, after: ShardFile): string[] {
  if (before?.kind !== 'shard') return []
  const was = new Map(before.tensors.map(tensor => [tensor.name, tensor]))
  const is = new Map(after.tensors.map(tensor => [tensor.name, tensor]))
  return [...new Set([...was.keys(), ...is.keys()])].filter(name => was.get(name) !== is.get(name))
}
