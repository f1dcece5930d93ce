// What the fixes are worth, as tables: by rule, and by rule and operator.

import { groupBy } from '../../../../server/util/groupBy'
import { table } from '../table'
import type { Result, Trial } from './trial'

const count = (trials: readonly Trial[], ...results: readonly Result[]): number =>
  trials.filter(({ result }) => results.includes(result)).length

const shown = (number: number): string => (number === 0 ? '' : String(number))

const cells = (trials: readonly Trial[]): string[] => [
  String(trials.length),
  ...[
    count(trials, 'right'),
    count(trials, 'runs'),
    count(trials, 'other-numbers'),
    count(trials, 'same-error', 'other-error'),
    count(trials, 'unapplied'),
    count(trials, 'dropped'),
  ].map(shown),
]

const heads = ['tried', 'right', 'runs', 'other numbers', 'raises', 'not applied', 'dropped']

/** Totals of the first choices, by whether they are safe, and of the others. */
export function totals(trials: readonly Trial[]): string {
  const first = trials.filter(({ isFirst }) => isFirst)
  return table(
    ['', ...heads],
    [
      ['first choice, safe', ...cells(first.filter(({ kind }) => kind === 'safe'))],
      ['first choice, needs a look', ...cells(first.filter(({ kind }) => kind !== 'safe'))],
      ['other choices', ...cells(trials.filter(({ isFirst }) => !isFirst))],
    ],
  )
}

/** The first choices by rule. */
export function byRule(trials: readonly Trial[]): string {
  const first = trials.filter(({ isFirst }) => isFirst)
  const rows = [...groupBy(first, ({ rule, kind }) => `\`${rule}\`${kind === 'safe' ? '' : ', needs a look'}`)]
  return table(
    ['rule', ...heads],
    rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, ...cells(own)]),
  )
}

/** The first choices by rule and operator. */
export function byRuleAndOperator(trials: readonly Trial[]): string {
  const first = trials.filter(({ isFirst }) => isFirst)
  const rows = [...groupBy(first, ({ rule, operator }) => `\`${rule}\` | \`${operator}\``)]
  return table(
    ['rule', 'operator', ...heads],
    rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, ...cells(own)]),
  )
}
