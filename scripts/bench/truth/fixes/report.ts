// What the fixes are worth, as tables: by rule, and by rule and operator.

import { groupBy } from '../../../../server/util/groupBy'
import { table } from '../table'
import type { Offer } from './press'
import type { Mark } from '../score'
import { mutantsTried, type Result, type Trial } from './trial'

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
  ['leads-on', 'leaves another finding'],
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

/** The section of docs/accuracy.md. */
export function fixesSection(trials: readonly Trial[]): string[] {
  return [
    `A fix is right where the program then runs and gives what the original gives. Of the fixes on these mutants ${trials.length} are pressed, those of at most ${mutantsTried} mutants for each rule and operator, as in the editor's light bulb: one fix, and then the first choice of what is found next. The program is run again, and its output compared with the original's.`,
    '*Right*: the same numbers. *Runs*: it ends, and the numbers of the original are in no file any more, since tensors themselves were changed. *Raises* is often a fault of the checkpoint that no edit of a text repairs. Every fix is tried by analysis before it is offered ([editor.md](editor.md)); the last two rows are what that found wanting.',
    totals(trials),
    'The fixes that are offered without reservation, by rule:',
    byRule(trials),
    `<details><summary>By rule and operator</summary>`,
    byRuleAndOperator(trials),
    '</details>',
  ]
}

/** What is asked of safe fixes. */
export function fixMarks(trials: readonly Trial[]): Mark[] {
  const safe = trials.filter(({ offer, result }) => offer === 'safe' && result !== 'dropped')
  const share = (part: number): number => (safe.length === 0 ? 1 : part / safe.length)
  return [
    { name: 'safe fixes that repair the program', value: share(count(safe, 'right', 'runs')), atLeast: 0.95 },
    {
      name: 'safe fixes without wrong numbers',
      value: share(safe.length - count(safe, 'other-numbers')),
      atLeast: 0.99,
    },
  ]
}
