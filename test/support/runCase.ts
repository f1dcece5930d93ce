// Runs one case: builds its files, analyses them, compares findings with marks, and holds the laws that every case keeps.
// It is the only test code that knows the engine's interface. Trouble is returned as text, one entry each, drawn with
// carets; an empty list means that the case holds.

import { groupModels, strayFiles } from '../../server/checkpoint/models'
import { readJsonFile } from '../../server/checkpoint/jsonFile'
import { readShard } from '../../server/checkpoint/shard'
import type { Shard } from '../../server/checkpoint/facts'
import type { Analysis, Snapshot } from '../../server/engine'
import type { Finding, Fix, Range } from '../../server/protocol'
import { languageOf, lowerProgram } from '../../server/source/index'
import { applyEdits } from '../../server/util/applyEdits'
import { type ByteSource, bytesSource } from '../../server/util/byteSource'
import { buildCheckpoint } from './buildCheckpoint'
import { isShardBlock, workspace } from './casePage'
import type { Block, Case } from './casePage'
import { drawMark, readCheckpointMarks, readMarks } from './marks'
import type { Mark } from './marks'
import { rawSource } from './rawFile'

export interface Engine {
  analyse(snapshot: Snapshot): Pick<Analysis, 'findings'> & Partial<Analysis>
  /** The abstract value of a range, for marks that say `is`. */
  describe?(snapshot: Snapshot, path: string, range: Range): string | undefined
}

/** The files of a case: texts by path, and the shards, which never change. */
export interface Files {
  readonly texts: ReadonlyMap<string, string>
  readonly shards: readonly Shard[]
}

/** Cutting a program at more lines than this says nothing new and costs time. */
const maxCuts = 60
/** No case needs more fixes one after another; a fix that never settles would go on for ever. */
const maxFixes = 40

/** Everything that is wrong with a case. */
export async function runCase({ blocks }: Case, engine: Engine): Promise<string[]> {
  const { files, marks } = await readCase(blocks)
  const { findings, snapshot, troubles } = analyseFiles(files, engine)
  return [
    ...troubles,
    ...compare(files, findings, marks),
    ...compareValues(marks, snapshot, engine),
    ...fixLaw(files, findings, engine),
    ...fixedLaw(files, blocks, engine),
    ...cutLaw(files, engine),
    ...parityLaw(files, findings),
  ]
}

/** What the engine finds in a case as its page gives it. */
export async function findingsOf({ blocks }: Case, engine: Engine): Promise<readonly Finding[]> {
  return analyseFiles((await readCase(blocks)).files, engine).findings
}

async function readCase(blocks: readonly Block[]): Promise<{ files: Files; marks: Mark[] }> {
  const texts = new Map<string, string>()
  const shards: Shard[] = []
  const marks: Mark[] = []
  for (const block of blocks) {
    if (block.isFixed) continue
    if (isShardBlock(block)) {
      const read = readCheckpointMarks(block.path, block.lines)
      shards.push(await readShard(block.path, sourceOf(block, read.table)))
      marks.push(...read.marks)
    } else {
      const read = readMarks(block.path, block.lines)
      texts.set(block.path, read.text)
      marks.push(...read.marks)
    }
  }
  return { files: { texts, shards }, marks }
}

function sourceOf({ kind }: Block, lines: readonly string[]): ByteSource {
  return kind === 'raw' ? rawSource(lines) : bytesSource(buildCheckpoint(lines))
}

/** The files of a case as the engine wants them. */
export function snapshotOf({ texts, shards }: Files): Snapshot {
  const json = [...texts].filter(([path]) => path.endsWith('.json')).map(([path, text]) => readJsonFile(path, text))
  const isIndex = (path: string): boolean => path.endsWith('.safetensors.index.json')
  const models = groupModels({
    shards,
    configs: json.filter(({ path }) => /\/(hf_quant_)?config\.json$/.test(path)),
    indexes: json.filter(({ path }) => isIndex(path)),
    data: json.filter(({ path }) => !isIndex(path) && !/\/(hf_quant_)?config\.json$/.test(path)),
  })
  return {
    folders: [workspace],
    listed: listedFrom([...texts.keys(), ...shards.map(({ path }) => path)]),
    models,
    data: strayFiles(json, models),
    programs: [...texts].map(([path, text]) => lowerProgram(path, text)).filter(program => program !== undefined),
  }
}

/** What the folders of a case hold. */
function listedFrom(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const listed = new Map<string, Set<string>>([[workspace, new Set()]])
  for (const path of paths)
    for (let at = path; at !== workspace && at.startsWith(`${workspace}/`);) {
      const folder = at.slice(0, at.lastIndexOf('/'))
      listed.set(folder, (listed.get(folder) ?? new Set()).add(at.slice(folder.length + 1)))
      at = folder
    }
  return listed
}

function analyseFiles(
  files: Files,
  engine: Engine,
): { findings: readonly Finding[]; snapshot: Snapshot; troubles: readonly string[] } {
  const snapshot = snapshotOf(files)
  const { findings, broken = [] } = engine.analyse(snapshot)
  return { findings, snapshot, troubles: broken.map(({ rule, error }) => `the rule ${rule} threw: ${String(error)}`) }
}

const sameRange = (a: Range, b: Range, openEnd: boolean | undefined): boolean =>
  a.start.line === b.start.line &&
  a.start.character === b.start.character &&
  (openEnd || (a.end.line === b.end.line && a.end.character === b.end.character))

/** Whether a finding is what a mark says. */
export function matches(finding: Finding, mark: Mark): boolean {
  return (
    finding.path === mark.path &&
    finding.rule === mark.rule &&
    finding.severity === mark.severity &&
    finding.message.includes(mark.text) &&
    finding.fixes.length > 0 === mark.hasFix &&
    sameRange(finding.range, mark.range, mark.openEnd)
  )
}

function compare(files: Files, findings: readonly Finding[], marks: readonly Mark[]): string[] {
  const unmatched = [...findings]
  const misses: string[] = []
  for (const mark of marks.filter(({ severity }) => severity !== undefined)) {
    const at = unmatched.findIndex(finding => matches(finding, mark))
    if (at >= 0) unmatched.splice(at, 1)
    else misses.push(`missed, though the page expects it:\n${draw(files, mark.path, mark.range, mark)}`)
  }
  const alarms = unmatched.map(({ path, range, severity, rule, message, fixes }) => {
    const drawn = draw(files, path, range, { severity, rule, text: message, hasFix: fixes.length > 0 })
    return `found, though the page does not expect it:\n${drawn}`
  })
  return [...misses, ...alarms]
}

function compareValues(marks: readonly Mark[], snapshot: Snapshot, engine: Engine): string[] {
  return marks.flatMap(mark => {
    if (mark.severity !== undefined) return []
    if (!engine.describe) return [`${place(mark.path, mark.range)}: nothing describes values here`]
    const value = engine.describe(snapshot, mark.path, mark.range) ?? 'unknown'
    return value === mark.text ? [] : [`${place(mark.path, mark.range)}: is ${value}, expected ${mark.text}`]
  })
}

function place(path: string, { start }: Range): string {
  return `${path.slice(workspace.length + 1)}:${start.line + 1}:${start.character + 1}`
}

function draw(files: Files, path: string, range: Range, statement: Parameters<typeof drawMark>[3]): string {
  const text = files.texts.get(path)
  const line = text?.split('\n')[range.start.line] ?? ''
  const head = `  ${place(path, range)}`
  const sign = path.endsWith('.py') ? '#' : '//'
  const mark = drawMark(range, line, sign, statement)
  return text === undefined ? `${head} ${mark.trim()}` : `${head}\n  ${line}\n  ${mark}`
}

/** Applies a fix; a text instead of files says why that cannot be. */
function applyFix(files: Files, fix: Fix): Files | string {
  const texts = new Map(files.texts)
  for (const path of new Set(fix.edits.map(edit => edit.path))) {
    const text = texts.get(path)
    if (text === undefined) return `edits ${path}, which is no text of the case`
    const edits = fix.edits.filter(edit => edit.path === path)
    try {
      texts.set(path, applyEdits(text, edits))
    } catch (error) {
      return String(error)
    }
  }
  return { ...files, texts }
}

function countByKey(findings: readonly Finding[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const finding of findings) counts.set(keyOf(finding), (counts.get(keyOf(finding)) ?? 0) + 1)
  return counts
}

/** Positions move when a file is edited, so findings are told apart by file and rule, and counted. */
const keyOf = ({ path, rule }: Finding): string => `${rule} in ${path.slice(workspace.length + 1)}`

/**
 * After a fix its finding is gone, nothing new is there, and the file can still be parsed. Of several readings those behind
 * the first may be refuted by what comes after them, which shows when the editor tries them.
 */
function fixLaw(files: Files, findings: readonly Finding[], engine: Engine): string[] {
  const before = countByKey(findings)
  return findings.flatMap(finding =>
    finding.fixes.flatMap((fix, index) => {
      const name = `the fix "${fix.title}" at ${place(finding.path, finding.range)}`
      const fixed = applyFix(files, fix)
      if (typeof fixed === 'string') return [`${name} cannot be applied: ${fixed}`]
      const { findings: left, troubles } = analyseFiles(fixed, engine)
      const after = countByKey(left)
      const problems = troubles.map(trouble => `after ${name}: ${trouble}`)
      if ((after.get(keyOf(finding)) ?? 0) >= (before.get(keyOf(finding)) ?? 0))
        problems.push(`${name} does not end the finding`)
      const isOther = index > 0 && fix.kind === 'needs-a-look'
      for (const [key, count] of isOther ? [] : after)
        if (count > (before.get(key) ?? 0)) problems.push(`${name} brings a new finding: ${key}`)
      return [...problems, ...syntaxProblems(files, fixed).map(problem => `${name} ${problem}`)]
    }),
  )
}

function syntaxProblems(before: Files, after: Files): string[] {
  const errors = (path: string, text: string | undefined): number =>
    text === undefined ? 0 : (lowerProgram(path, text)?.syntaxErrors.length ?? readJson(path, text))
  return [...after.texts].flatMap(([path, text]) =>
    text !== before.texts.get(path) && errors(path, text) > errors(path, before.texts.get(path))
      ? [`leaves ${path.slice(workspace.length + 1)} with a syntax error`]
      : [],
  )
}

function readJson(path: string, text: string): number {
  return path.endsWith('.json') ? readJsonFile(path, text).problems.length : 0
}

/** The text of a file after the first fix of each of its findings, one after another. */
export function fixAll(
  path: string,
  texts: ReadonlyMap<string, string>,
  shards: readonly Shard[],
  engine: Engine,
): string {
  let files: Files = { texts, shards }
  for (let count = 0; count < maxFixes; count++) {
    const { findings } = analyseFiles(files, engine)
    const fix = findings
      .filter(finding => finding.path === path)
      .sort(byPlace)
      .flatMap(({ fixes }) => fixes.slice(0, 1))[0]
    const fixed = fix && applyFix(files, fix)
    if (!fixed || typeof fixed === 'string') break
    files = fixed
  }
  return files.texts.get(path) ?? ''
}

const byPlace = (a: Finding, b: Finding): number =>
  a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character

function fixedLaw(files: Files, blocks: readonly Block[], engine: Engine): string[] {
  return blocks.flatMap(({ isFixed, path, lines }) => {
    if (!isFixed) return []
    const actual = fixAll(path, files.texts, files.shards, engine)
    const expected = lines.map(line => `${line}\n`).join('')
    if (actual === expected) return []
    const shown = (text: string): string => text.replace(/^/gm, '  ').trimEnd()
    const name = path.slice(workspace.length + 1)
    return [`${name} after its fixes is\n${shown(actual)}\nexpected\n${shown(expected)}`]
  })
}

/** Every program, cut at every line, is analysed without an exception. */
function cutLaw(files: Files, engine: Engine): string[] {
  return [...files.texts].flatMap(([path, text]) => {
    if (!languageOf(path)) return []
    const lines = text.split('\n')
    return lines.slice(0, maxCuts).flatMap((_, count) => {
      const texts = new Map(files.texts).set(path, lines.slice(0, count).join('\n'))
      const name = `${path.slice(workspace.length + 1)} cut after ${count} lines`
      try {
        return analyseFiles({ ...files, texts }, engine).troubles.map(trouble => `${name}: ${trouble}`)
      } catch (error) {
        return [`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
      }
    })
  })
}

/** A case in Python and in TypeScript or JavaScript gives the same rules in both. */
function parityLaw(files: Files, findings: readonly Finding[]): string[] {
  const isPython = (path: string): boolean => languageOf(path)?.id === 'python'
  const sources = [...files.texts.keys()].filter(path => languageOf(path))
  if (!sources.some(isPython) || sources.every(isPython)) return []
  const rulesIn = (wanted: boolean): string =>
    [
      ...new Set(
        findings.filter(({ path }) => sources.includes(path) && isPython(path) === wanted).map(({ rule }) => rule),
      ),
    ]
      .sort()
      .join(', ') || 'none'
  const [python, others] = [rulesIn(true), rulesIn(false)]
  return python === others ? [] : [`the languages disagree: Python gives ${python}; TypeScript gives ${others}`]
}

export { readCase }
