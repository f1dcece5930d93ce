// Fixes are tried before they are offered: the edits are made in memory, what they make of the workspace is analysed, and
// what is found then says what a fix is worth. A rule sees only what was reached before the fault; an edit that is right for
// what it saw may be wrong for what comes after, and that shows here, whatever the rule.

import { readJsonFile } from '../checkpoint/jsonFile'
import type { JsonFile, Model } from '../checkpoint/facts'
import { jsonFilesOf } from '../checkpoint/models'
import type { Analysis, Snapshot } from '../engine'
import type { Edit, Finding, Fix, Position } from '../protocol'
import { lowerProgram } from '../source/index'
import { applyEdits } from '../util/applyEdits'
import { lineIndex } from '../util/lineIndex'
import { TextEdits } from '../util/textEdits'
import { mergeSafeFixes } from './fixes'

export type Analyse = (snapshot: Snapshot) => Pick<Analysis, 'findings'>

/**
 * What comes of a fix. `clean`: the finding is gone, nothing new is found, and no error that was there speaks of the same
 * tensors, be it after the safe fixes of those. `leads-on`: it is gone, and something of that stays. `futile`: the same is
 * found at the same place. A fix of other files than programs and JSON is `untried`.
 */
type Ending = 'clean' | 'leads-on' | 'futile' | 'untried'

interface End {
  readonly ending: Ending
  /** Errors and warnings that are found then. */
  readonly left: number
}

/** A second fault may lie behind the first; behind more than a few the fix itself is the fault. */
const mostSteps = 4

/** Said behind the title of a fix that does not end well. */
export const leadsOn = ', which leaves another finding'

/**
 * The fixes of a finding that are worth an offer, those that leave least to be found first. Where one leads on it is a
 * question; where all that it could do is to leave what is there, it is none.
 */
export function triedFixes(snapshot: Snapshot, finding: Finding, analyse: Analyse): readonly Fix[] {
  return finding.fixes
    .map(fix => ({ fix, ...endingOf(snapshot, finding, fix, analyse) }))
    .filter(({ ending }) => ending !== 'futile')
    .sort((a, b) => order.indexOf(a.ending) - order.indexOf(b.ending) || a.left - b.left)
    .map(({ fix, ending }) =>
      ending === 'leads-on' ? { ...fix, title: `${fix.title}${leadsOn}`, kind: 'needs-a-look' } : fix,
    )
}

const order: readonly Ending[] = ['clean', 'untried', 'leads-on']

/** How to ask for the fixes of some findings that are to be made together: one trial where all of it ends well. */
export function fixesTogether(
  snapshot: Snapshot,
  findings: readonly Finding[],
  analyse: Analyse,
): (finding: Finding) => readonly Fix[] {
  const { chosen, edits } = mergeSafeFixes(findings)
  if (chosen.length === 0) return finding => finding.fixes
  const after = new Trial(snapshot, analyse).after(edits)
  if (after && after.fresh.length === 0 && chosen.every(({ finding }) => !after.stays(finding)))
    return finding => finding.fixes
  return finding =>
    finding.fixes.some(({ kind }) => kind === 'safe') ? triedFixes(snapshot, finding, analyse) : finding.fixes
}

const ends = new WeakMap<Snapshot, Map<string, End>>()

function endingOf(snapshot: Snapshot, finding: Finding, fix: Fix, analyse: Analyse): End {
  const known = ends.get(snapshot) ?? new Map<string, End>()
  ends.set(snapshot, known)
  const { rule, path, range, message } = finding
  const key = JSON.stringify([rule, path, range, message, fix.edits])
  let end = known.get(key)
  if (!end) known.set(key, (end = tryOut(snapshot, finding, fix, analyse)))
  return end
}

function tryOut(snapshot: Snapshot, finding: Finding, fix: Fix, analyse: Analyse): End {
  let trial = new Trial(snapshot, analyse).after(fix.edits)
  if (!trial) return { ending: 'untried', left: 0 }
  if (trial.stays(finding)) return { ending: 'futile', left: trial.count }
  for (let step = 1, open = trial.open(finding); step < mostSteps && open.length > 0; step++) {
    const { edits } = mergeSafeFixes(open)
    const next: Trial | undefined = edits.length > 0 ? trial.after(edits) : undefined
    if (!next) break
    trial = next
    open = trial.open(finding)
  }
  return { ending: trial.open(finding).length > 0 ? 'leads-on' : 'clean', left: trial.count }
}

const isTold = ({ severity }: Finding): boolean => severity === 'error' || severity === 'warning'

const filesOf = ({ path, because }: Finding): ReadonlySet<string> => new Set([path, ...because.map(one => one.path)])

const samePlace = (a: Position, b: Position): boolean => a.line === b.line && a.character === b.character

/** A workspace after some edits, and what is found in it. */
class Trial {
  private readonly before: readonly Finding[]
  private readonly left = new Set<Finding>()
  /** Errors and warnings that are found now, and those of them that were not found before. */
  private readonly now: readonly Finding[]
  readonly fresh: readonly Finding[]

  constructor(
    private readonly snapshot: Snapshot,
    private readonly analyse: Analyse,
    /** The workspace as it was at first, and what became of its texts. */
    private readonly first: Snapshot = snapshot,
    private readonly edits: ReadonlyMap<string, TextEdits> = new Map(),
  ) {
    this.before = findingsOf(first, analyse)
    this.now = snapshot === first ? this.before : analyse(snapshot).findings.filter(isTold)
    this.fresh = snapshot === first ? [] : this.compare()
  }

  /** How many errors and warnings are found now. */
  get count(): number {
    return this.now.length
  }

  /** What is found now and speaks against a fix of a finding from before: what is new, and errors about the same tensors. */
  open(finding: Finding): readonly Finding[] {
    const [names, files] = [new Set(finding.tensors), filesOf(finding)]
    // Tensors of other checkpoints may have the same names.
    const isNear = (one: Finding): boolean => [...filesOf(one)].some(path => files.has(path))
    const isAbout = (one: Finding): boolean =>
      one.severity === 'error' && isNear(one) && one.tensors.some(name => names.has(name))
    return this.now.filter(one => this.fresh.includes(one) || isAbout(one))
  }

  /** With further edits; undefined where they cannot be made, or undo what was made before. */
  after(edits: readonly Edit[]): Trial | undefined {
    const texts = new Map<string, string>()
    const all = new Map(this.edits)
    for (const path of new Set(edits.map(edit => edit.path))) {
      const text = textOf(this.snapshot, path)
      if (text === undefined) return undefined
      const lines = lineIndex(text)
      const own = edits
        .filter(edit => edit.path === path)
        .map(({ range, newText }) => ({
          start: lines.offset(range.start),
          end: lines.offset(range.end),
          length: newText.length,
        }))
      let done = all.get(path) ?? TextEdits.none
      if (own.some(({ start, end }) => done.putsIn(start, end))) return undefined
      // From the end, so that the places before stay what they are.
      for (const edit of own.sort((a, b) => b.start - a.start)) done = done.then(edit)
      all.set(path, done)
      texts.set(
        path,
        applyEdits(
          text,
          edits.filter(edit => edit.path === path),
        ),
      )
    }
    return new Trial(withTexts(this.snapshot, texts), this.analyse, this.first, all)
  }

  /** Whether a finding from before is still there, whatever else it may say now. */
  stays(finding: Finding): boolean {
    return [...this.left].some(
      one =>
        one.rule === finding.rule &&
        one.path === finding.path &&
        one.message === finding.message &&
        samePlace(one.range.start, finding.range.start),
    )
  }

  /** Findings are the same where they are of one rule at one place; where what is around it was rewritten, by their words. */
  private compare(): Finding[] {
    const places = new Map(this.before.map(finding => [finding, this.placeNow(finding)]))
    const match = (finding: Finding, isSame: (other: Finding, place: Position | undefined) => boolean): boolean => {
      const { rule, path } = finding
      const same = this.before.find(
        other =>
          !this.left.has(other) && other.rule === rule && other.path === path && isSame(other, places.get(other)),
      )
      if (same) this.left.add(same)
      return same !== undefined
    }
    return this.now
      .filter(finding => !match(finding, (_, place) => place !== undefined && samePlace(place, finding.range.start)))
      .filter(finding => !match(finding, (other, place) => place === undefined && other.message === finding.message))
  }

  /** Where a finding from before is now; undefined inside what was rewritten. */
  private placeNow({ path, range: { start } }: Finding): Position | undefined {
    const edits = this.edits.get(path)
    const [was, is] = [textOf(this.first, path), textOf(this.snapshot, path)]
    if (!edits || was === undefined || is === undefined) return start
    const offset = lineIndex(was).offset(start)
    return edits.touches(offset, offset) ? undefined : lineIndex(is).position(edits.newStart(offset))
  }
}

const found = new WeakMap<Snapshot, readonly Finding[]>()

/** What is found before anything is let through or held back by settings. */
function findingsOf(snapshot: Snapshot, analyse: Analyse): readonly Finding[] {
  let known = found.get(snapshot)
  if (!known) found.set(snapshot, (known = analyse(snapshot).findings))
  return known
}

function textOf({ programs, models, data = [] }: Snapshot, path: string): string | undefined {
  const has = (file: { readonly path: string }): boolean => file.path === path
  return (programs.find(has) ?? models.flatMap(jsonFilesOf).find(has) ?? data.find(has))?.text
}

/** The snapshot with other texts in some of its files. */
function withTexts(snapshot: Snapshot, texts: ReadonlyMap<string, string>): Snapshot {
  const read = new Map<string, JsonFile>()
  const json = (file: JsonFile): JsonFile => {
    const text = texts.get(file.path)
    if (text === undefined) return file
    const known = read.get(file.path) ?? readJsonFile(file.path, text)
    read.set(file.path, known)
    return known
  }
  const model = (one: Model): Model =>
    jsonFilesOf(one).some(({ path }) => texts.has(path))
      ? {
          ...one,
          configs: one.configs.map(json),
          ...(one.quantFile ? { quantFile: json(one.quantFile) } : {}),
          ...(one.index ? { index: json(one.index) } : {}),
          ...(one.data ? { data: one.data.map(json) } : {}),
        }
      : one
  return {
    ...snapshot,
    models: snapshot.models.map(model),
    ...(snapshot.data ? { data: snapshot.data.map(json) } : {}),
    programs: snapshot.programs.map(program => {
      const text = texts.get(program.path)
      return text === undefined ? program : (lowerProgram(program.path, text) ?? program)
    }),
  }
}
