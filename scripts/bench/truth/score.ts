// From truth and verdicts to marks. Pure: records in, numbers out.

import type { Target } from './mutant'
import type { Tongue } from './specimen'
import type { Found } from './verdict'

/**
 * `error`: the program raised. `silent`: it ended well with other numbers. `harmless`: with the same numbers. `unread`:
 * the changed line was never executed, so that nothing is known. `dropped`: aborted, timed out or refused by the CPU only.
 * `refused`: harmless here, but MLX's reader or the safetensors library refuses a file; asked only where something is found.
 */
export type Truth = 'error' | 'silent' | 'harmless' | 'unread' | 'dropped' | 'refused'

export interface Scored {
  readonly page: string
  readonly program: string
  readonly language: Tongue
  readonly operator: string
  readonly target: Target
  readonly id: string
  readonly place: string
  readonly before: string
  readonly after: string
  readonly truth: Truth
  /** The exception, or why it was dropped. */
  readonly text: string
  readonly findings: readonly Found[]
  /** Whether a finding, or what it names as its cause, lies where the fault is. */
  readonly placed: boolean
  /** Why a finding on a harmless mutant is none the less right; undefined where nobody has said. */
  readonly explanation?: string
}

export interface Tally {
  readonly mutants: number
  readonly errors: number
  readonly errorsFound: number
  readonly silent: number
  readonly silentFound: number
  readonly harmless: number
  /** Findings on harmless mutants, by whether they are explained. */
  readonly alarms: number
  readonly explained: number
  /** Findings that are true, and those of them in the right place. */
  readonly trueFindings: number
  readonly placed: number
  readonly unread: number
  readonly dropped: number
}

const isFound = ({ findings }: Scored): boolean => findings.length > 0

/** Counts a list of mutants. */
export function tally(records: readonly Scored[]): Tally {
  const of = (truth: Truth): Scored[] => records.filter(record => record.truth === truth)
  const [errors, silent, harmless] = [of('error'), of('silent'), of('harmless')]
  const right = [...errors, ...silent, ...of('refused')].filter(isFound)
  return {
    mutants: records.length,
    errors: errors.length,
    errorsFound: errors.filter(isFound).length,
    silent: silent.length,
    silentFound: silent.filter(isFound).length,
    harmless: harmless.length,
    alarms: harmless.filter(isFound).length,
    explained: harmless.filter(record => isFound(record) && record.explanation !== undefined).length,
    trueFindings: right.length,
    placed: right.filter(({ placed }) => placed).length,
    unread: of('unread').length,
    dropped: of('dropped').length,
  }
}

/** A share; nothing of nothing is all of it. */
const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole)

export const recall = ({ errors, errorsFound }: Tally): number => share(errorsFound, errors)
export const silentRecall = ({ silent, silentFound }: Tally): number => share(silentFound, silent)
export const precision = ({ trueFindings, alarms }: Tally): number => share(trueFindings, trueFindings + alarms)
export const placement = ({ placed, trueFindings }: Tally): number => share(placed, trueFindings)

export interface Mark {
  readonly name: string
  readonly value: number
  readonly atLeast: number
  /** Whether the numbers are counts, not shares. */
  readonly isCount?: boolean
}

/** The marks of the whole corpus, in the order in which they are told. */
export function marksOf(all: Tally, originalsWithFindings: number): Mark[] {
  return [
    { name: 'mutants', value: all.mutants, atLeast: 3000, isCount: true },
    { name: 'precision', value: precision(all), atLeast: 0.99 },
    { name: 'false alarms that are explained', value: share(all.explained, all.alarms), atLeast: 1 },
    { name: 'recall on errors', value: recall(all), atLeast: 0.95 },
    { name: 'recall on silent faults', value: silentRecall(all), atLeast: 0.6 },
    { name: 'right place', value: placement(all), atLeast: 0.95 },
    { name: 'originals without a finding', value: originalsWithFindings === 0 ? 1 : 0, atLeast: 1 },
  ]
}

export const isKept = ({ value, atLeast }: Mark): boolean => value >= atLeast

/** Whether two outputs show the same numbers and words; numbers that differ by rounding are the same. */
export function sameOutput(a: string, b: string): boolean {
  const [left, right] = [tokens(a), tokens(b)]
  return left.length === right.length && left.every((token, index) => sameToken(token, right[index] ?? ''))
}

const tokens = (text: string): string[] => text.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[^\s\d.,+-]+/g) ?? []

function sameToken(a: string, b: string): boolean {
  if (a === b) return true
  const [x, y] = [Number(a), Number(b)]
  return Math.abs(x - y) <= 1e-5 * Math.max(Math.abs(x), Math.abs(y)) + 1e-9
}
