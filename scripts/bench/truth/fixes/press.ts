// A fix is pressed as in the editor's light bulb: its edits are applied, what is left is analysed again, and where
// something new is still found that has a fix, the first choice is pressed next. What comes of it is files to be run.

import { analyse } from '../../../../server/engine'
import type { Fix } from '../../../../server/protocol'
import { applyEdits } from '../../../../server/util/applyEdits'
import { leadsOn, triedFixes } from '../../../../server/workspace/trials'
import { workspace } from '../../../../test/support/casePage'
import type { SpecimenFiles } from '../specimen'
import { type Found, findingsOn, looked, newFindings } from '../verdict'

/** The fix that is pressed first: by the mutant, by its new findings, and by the fixes of that finding. */
export interface Press {
  readonly mutant: string
  readonly finding: number
  readonly fix: number
}

/** What the editor makes of a fix when it has tried it: as the rule says, as a question, or no offer at all. */
export type Offer = Fix['kind'] | 'leads-on' | 'held-back'

export interface Repair {
  readonly press: Press
  readonly offer: Offer
  /** Whether it is what the editor prefers, or the first of those that are offered. */
  readonly isFirst: boolean
  /** Every file that was edited, as it is afterwards. */
  readonly texts: readonly (readonly [string, string])[]
  /** Titles in their order. */
  readonly pressed: readonly string[]
  /** Rules that still find something new. */
  readonly left: readonly string[]
  /** Why a fix could not be applied. */
  readonly failed?: string
}

/** A person who has pressed so many does not go on. */
const mostPresses = 8

/** Presses one fix of a mutant's findings, and the first choice of what is found then, until nothing has a fix. */
export async function repair(files: SpecimenFiles, original: readonly Found[], press: Press): Promise<Repair> {
  const pressed: string[] = []
  const edited = new Set<string>()
  let now = files
  const { snapshot, findings } = await looked(now)
  let found = newFindings(original, [...findings.keys()])
  const first = found[press.finding]
  let next: Fix | undefined = first?.fixes[press.fix]
  const finding = first && findings.get(first)
  const tried = finding ? triedFixes(snapshot, finding, analyse) : []
  const offered = tried.find(({ edits }) => edits === next?.edits)
  const isFirst = offered !== undefined && firstChoice(tried) === offered
  const offer = !offered ? 'held-back' : offered.title.endsWith(leadsOn) ? 'leads-on' : offered.kind
  const result = (failed?: string): Repair => ({
    ...{ press, offer, isFirst },
    texts: [...edited].flatMap(path => {
      const file = now.get(path)
      return file?.kind === 'text' ? [[path, file.text] as const] : []
    }),
    pressed,
    left: found.map(({ rule }) => rule),
    ...(failed === undefined ? {} : { failed }),
  })
  while (next && pressed.length < mostPresses) {
    pressed.push(next.title)
    const after = applied(now, next, edited)
    if (typeof after === 'string') return result(after)
    now = after
    found = newFindings(original, await findingsOn(now))
    next = found.flatMap(({ fixes }) => firstChoice(fixes) ?? [])[0]
  }
  return result()
}

/** The fix that the editor prefers, which is the only safe one; else the first. */
export function firstChoice<One extends Pick<Fix, 'kind'>>(fixes: readonly One[]): One | undefined {
  const safe = fixes.filter(({ kind }) => kind === 'safe')
  return safe.length === 1 ? safe[0] : fixes[0]
}

function applied(files: SpecimenFiles, fix: Fix, edited: Set<string>): SpecimenFiles | string {
  const after = new Map(files)
  for (const absolute of new Set(fix.edits.map(edit => edit.path))) {
    const path = absolute.slice(workspace.length + 1)
    const file = after.get(path)
    if (file?.kind !== 'text') return `${path} is no text`
    try {
      const edits = fix.edits.filter(edit => edit.path === absolute)
      after.set(path, { kind: 'text', text: applyEdits(file.text, edits) })
      edited.add(path)
    } catch (error) {
      return String(error)
    }
  }
  return after
}
