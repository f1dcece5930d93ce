// The baseline: findings that are known and not to be reported again. A finding is known again by its rule, its file and
// its tensors, so that it survives edits above it and new wordings of messages. One without tensors is known by the text
// that it stands at. How often an identity occurs is counted: one more of the same kind is new.

import { createHash } from 'node:crypto'
import { dirname, relative, sep } from 'node:path'
import { readJsonFile, valueOf } from '../checkpoint/jsonFile'
import type { JsonFile } from '../checkpoint/facts'
import type { Finding } from '../protocol'
import { lineIndex } from '../util/lineIndex'

export const baselineFileName = '.tensorlint-baseline.json'

export interface Baseline {
  readonly path: string
  readonly text: string
  /** How many findings of each identity are known. */
  readonly counts: ReadonlyMap<string, number>
  readonly problems: JsonFile['problems']
}

interface Entry {
  readonly rule: string
  readonly path: string
  readonly fingerprint: string
  readonly count: number
}

/** Texts by path of the files that are no shards; an index of megabytes is made a text only where somebody asks. */
export interface Texts {
  get(path: string): string | undefined
}

/** What tells a finding from others in its file, as 16 hexadecimal digits. */
export function fingerprintOf({ rule, path, range, tensors }: Finding, texts: Texts): string {
  const text = tensors.length === 0 ? texts.get(path) : undefined
  const index = text === undefined ? undefined : lineIndex(text)
  const what =
    index && text ? [text.slice(index.offset(range.start), index.offset(range.end)).trim()] : [...tensors].sort()
  return createHash('sha256')
    .update(JSON.stringify([rule, ...what]))
    .digest('hex')
    .slice(0, 16)
}

/** The path as the baseline in this folder has it: relative, with forward slashes. */
export const relativePath = (folder: string, path: string) => relative(folder, path).split(sep).join('/')

const identityOf = ({ rule, path, fingerprint }: Omit<Entry, 'count'>) => JSON.stringify([rule, path, fingerprint])

/** Reads a baseline's text; a faulty entry is a problem and left out. Never throws. */
export function readBaseline(path: string, text: string): Baseline {
  const { root, problems } = readJsonFile(path, text)
  const value = root && problems.length === 0 ? valueOf(root) : undefined
  const { version, findings } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const counts = new Map<string, number>()
  const fault = (message: string) => ({ path, text, counts, problems: [{ offset: 0, length: 0, message }] })
  if (problems.length > 0) return { path, text, counts, problems }
  if (version !== 1 || !Array.isArray(findings))
    return fault('this is no baseline of version 1: write it again with --write-baseline')
  for (const item of findings as readonly unknown[]) {
    const entry = item as Partial<Entry> | null
    if (typeof entry?.rule !== 'string' || typeof entry.path !== 'string' || typeof entry.fingerprint !== 'string')
      return fault('an entry of the baseline lacks rule, path or fingerprint')
    const count = typeof entry.count === 'number' ? entry.count : 1
    const identity = identityOf(entry as Entry)
    counts.set(identity, (counts.get(identity) ?? 0) + count)
  }
  return { path, text, counts, problems: [] }
}

/** The text of a baseline at `path` that knows these findings: sorted, so that a change of it reads well. */
export function writeBaseline(path: string, findings: readonly Finding[], texts: Texts): string {
  const entries = new Map<string, Entry>()
  for (const finding of findings) {
    const entry = entryOf(path, finding, texts)
    const known = entries.get(identityOf(entry))
    entries.set(identityOf(entry), { ...entry, count: (known?.count ?? 0) + 1 })
  }
  const order = ({ path, rule, fingerprint }: Entry) => `${path}\0${rule}\0${fingerprint}`
  const sorted = [...entries.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1))
  return `${JSON.stringify({ version: 1, findings: sorted }, null, 2)}\n`
}

/** Decides, finding by finding in a fixed order, whether the baseline knows it; each count is used up once. */
export function baselineFilter(baseline: Baseline, texts: Texts): (finding: Finding) => boolean {
  const left = new Map(baseline.counts)
  return finding => {
    const identity = identityOf(entryOf(baseline.path, finding, texts))
    const count = left.get(identity) ?? 0
    left.set(identity, count - 1)
    return count > 0
  }
}

const entryOf = (baselinePath: string, finding: Finding, texts: Texts): Entry => ({
  rule: finding.rule,
  path: relativePath(dirname(baselinePath), finding.path),
  fingerprint: fingerprintOf(finding, texts),
  count: 1,
})
