// What the fixes are worth, as tables: by rule, and by rule and operator.

import { groupBy } from '../../../../server/util/groupBy'
import { table } from '../table'
import type { Offer } from './press'
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

const offers: readonly (readonly [Offer, string])[] = [
  ['safe', 'safe'],
  ['needs-a-look', 'needs a look'],
  ['leads-on', 'leads to another finding'],
  ['held-back', 'not offered'],
]

/** Totals by what the editor makes of a fix. */
export function totals(trials: readonly Trial[]): string {
  return table(
    ['', ...heads],
    offers.map(([offer, name]) => [name, ...cells(trials.filter(one => one.offer === offer))]),
  )
}

const isOffered = ({ offer }: Trial): boolean => offer === 'safe' || offer === 'needs-a-look'

/** The offers that end well by rule. */
export function byRule(trials: readonly Trial[]): string {
  const rows = [
    ...groupBy(trials.filter(isOffered), ({ rule, offer }) => `\`${rule}\`${offer === 'safe' ? '' : ', needs a look'}`),
  ]
  return table(
    ['rule', ...heads],
    rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, ...cells(own)]),
  )
}

/** The same by rule and operator. */
export function byRuleAndOperator(trials: readonly Trial[]): string {
  const rows = [...groupBy(trials.filter(isOffered), ({ rule, operator }) => `\`${rule}\` | \`${operator}\``)]
  return table(
    ['rule', 'operator', ...heads],
    rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, ...cells(own)]),
  )
}
