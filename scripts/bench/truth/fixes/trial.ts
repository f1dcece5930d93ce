// What comes of pressing fixes: which are tried, and how a repaired program that was run compares with the original. Pure.

import type { Mutant } from '../mutant'
import { refusalOf } from '../refusals'
import type { Outcome } from '../run/outcome'
import { rank } from '../sample'
import { sameOutput, type Scored } from '../score'
import type { SpecimenFiles, StoredTensor } from '../specimen'
import type { Offer, Press, Repair } from './press'

/**
 * `right`: the program ends with the numbers of the original. `other-numbers`: it ends with others. `runs`: it ends, and
 * the original's numbers are in no file any more. `same-error`, `other-error`: it raises. `unapplied`: the edits do not
 * go into the text. `dropped`: as for mutants.
 */
export type Result = 'right' | 'runs' | 'other-numbers' | 'same-error' | 'other-error' | 'unapplied' | 'dropped'

export interface Trial {
  readonly page: string
  readonly program: string
  readonly operator: string
  readonly rule: string
  readonly mutant: string
  readonly place: string
  readonly before: string
  readonly after: string
  readonly truth: Scored['truth']
  readonly title: string
  readonly offer: Offer
  /** Whether it is what the editor prefers, or the first of those that are offered. */
  readonly isFirst: boolean
  readonly message: string
  readonly pressed: readonly string[]
  readonly left: readonly string[]
  readonly result: Result
  /** The exception, or why it could not be applied or was dropped. */
  readonly text: string
}

/** Of an operator and a rule no more mutants are repaired. */
export const mutantsTried = 12
/** Of a finding no more fixes are tried. */
const fixesTried = 4

export interface Planned {
  readonly record: Scored
  readonly press: Press
}

/** The fixes of one finding of each rule on a mutant. */
export function plan(scored: readonly Scored[]): Planned[] {
  const cells = new Map<string, Planned[][]>()
  for (const record of scored) {
    if (!/^(error|silent|harmless)$/.test(record.truth)) continue
    const rules = new Set(record.findings.map(({ rule }) => rule))
    for (const rule of rules) {
      const finding = record.findings.findIndex(found => found.rule === rule && found.fixes.length > 0)
      if (finding < 0) continue
      const chosen = (record.findings[finding]?.fixes ?? []).slice(0, fixesTried)
      const key = `${record.operator}\n${rule}`
      const presses = chosen.map((_, fix) => ({ record, press: { mutant: record.id, finding, fix } }))
      cells.set(key, [...(cells.get(key) ?? []), presses])
    }
  }
  const order = (presses: readonly Planned[]): string => rank(`${presses[0]?.record.page} ${presses[0]?.record.id}`)
  return [...cells.values()].flatMap(cell =>
    [...cell]
      .sort((a, b) => (order(a) < order(b) ? -1 : 1))
      .slice(0, mutantsTried)
      .flat(),
  )
}

/** The trial of a repair; `outcome` is how the repaired program ended, undefined where it was not run. */
export function trialOf(
  { record, press }: Planned,
  repair: Repair,
  mutant: Mutant,
  original: Outcome,
  outcome: Outcome | undefined,
): Trial {
  const { page, program, operator, place, before, after, truth } = record
  const found = record.findings[press.finding]
  const fix = found?.fixes[press.fix]
  if (!found || !fix) throw new Error(`${page} ${record.id} has no such fix`)
  return {
    ...{ page, program, operator, place, before, after, truth },
    rule: found.rule,
    mutant: record.id,
    title: fix.title,
    offer: repair.offer,
    isFirst: repair.isFirst,
    message: found.message,
    pressed: repair.pressed,
    left: repair.left,
    ...resultOf(record, repair, mutant, original, outcome),
  }
}

function resultOf(
  record: Scored,
  repair: Repair,
  mutant: Mutant,
  original: Outcome,
  outcome: Outcome | undefined,
): Pick<Trial, 'result' | 'text'> {
  if (repair.failed !== undefined || !outcome) return { result: 'unapplied', text: repair.failed ?? '' }
  const { status, type = '', text = '', output = '' } = outcome
  if (status === 'aborted' || status === 'timeout') return { result: 'dropped', text: status }
  if (status === 'raised') {
    const refusal = refusalOf(text)
    if (refusal !== undefined) return { result: 'dropped', text: refusal }
    const told = `${type}: ${text}`
    return { result: told === record.text ? 'same-error' : 'other-error', text: told }
  }
  if (sameOutput(original.output ?? '', output)) return { result: 'right', text: '' }
  return { result: keepsNumbers(mutant) ? 'other-numbers' : 'runs', text: output }
}

/** Whether every number of the original's tensors is still in the files, under whatever name and shape. */
export function keepsNumbers({ specimen, files }: Mutant): boolean {
  const now = new Map(tensorsOf(files).map(tensor => [tensor.numbersOf ?? tensor.name, tensor]))
  return tensorsOf(specimen.files).every(tensor => {
    const other = now.get(tensor.numbersOf ?? tensor.name)
    if (!other || (other.bytesOf ?? other.dtype) !== (tensor.bytesOf ?? tensor.dtype)) return false
    return elements(other) === elements(tensor)
  })
}

const elements = ({ shape }: StoredTensor): number => shape.reduce((product, length) => product * length, 1)

const tensorsOf = (files: SpecimenFiles): StoredTensor[] =>
  [...files.values()].flatMap(file => (file.kind === 'shard' ? (file.change < 0 ? [] : file.tensors) : []))
