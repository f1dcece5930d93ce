// docs/accuracy.md, from the scored mutants: the marks, a table by operator and language, what is missed, what is said
// without need, what the fixes are worth, and what was dropped.

import { fixesSection } from './fixes/report'
import type { Trial } from './fixes/trial'
import type { Operator } from './mutant'
import { isKept, precision, recall, silentRecall, tally, type Mark, type Scored } from './score'
import type { Specimen, Tongue } from './specimen'
import { table } from './table'

const languageNames: Readonly<Record<Tongue, string>> = { python: 'Python', javascript: 'TypeScript and JavaScript' }
const languages: readonly Tongue[] = ['python', 'javascript']

/** The page as text. `versions` says what the programs ran on. */
export function accuracyPage(
  scored: readonly Scored[],
  marks: readonly Mark[],
  corpus: readonly Specimen[],
  operators: readonly Operator[],
  versions: string,
  trials: readonly Trial[],
): string {
  return `${[
    '# Accuracy',
    ...introduction(scored, corpus, versions),
    '## Marks',
    table(['', 'measured', 'at least', ''], marks.map(markRow)),
    '## By language',
    byLanguage(scored),
    '## By operator',
    '`12/13` reads: 13 mutants raised, and something is found on 12 of them. Silent faults are those that ended with other numbers and no error. A false alarm is a finding on a mutant that gave the same numbers as before.',
    byOperator(scored, operators),
    '## Missed errors',
    ...missed(scored, operators),
    '## Silent faults that are not found',
    silentMissed(scored, operators),
    '## False alarms',
    ...alarms(scored),
    '## Fixes under MLX',
    ...fixesSection(trials),
    '## Dropped',
    dropped(scored),
  ].join('\n\n')}\n`
}

function introduction(scored: readonly Scored[], corpus: readonly Specimen[], versions: string): string[] {
  const count = (language: Tongue): number => corpus.filter(specimen => specimen.language === language).length
  return [
    '<!-- Written by `npm run bench:truth -- --write`. -->',
    `Whether Tensorlint says what MLX does is measured, not argued. A corpus of ${corpus.length} loader programs, ${count('python')} in Python and ${count('javascript')} in TypeScript and JavaScript (\`test/cases/truth\`), is run under real MLX (${versions}). Then one fault at a time is put into a program, its config or its checkpoint, by the operators below: ${scored.length.toLocaleString('en')} mutants. Each is run in a folder of its own, with limits on time and memory, and analysed without being run. The programs that are right have no finding.`,
    'An *error* is a mutant that raises. A finding is a verdict where it is an error or a warning that the original does not have. It is in the *right place* where it, or a place that it names as its cause, lies in the statement that was changed or in one that raised, or on the value or file for faults of config and checkpoint, or speaks of the tensor that was changed. Where a damaged file did the program no harm but MLX or the safetensors library refuses to open it, a finding is a true one.',
  ]
}

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`

const markRow = (mark: Mark): string[] =>
  mark.isCount
    ? [mark.name, mark.value.toLocaleString('en'), mark.atLeast.toLocaleString('en'), isKept(mark) ? '✓' : 'missed']
    : [mark.name, percent(mark.value), percent(mark.atLeast), isKept(mark) ? '✓' : 'missed']

function byLanguage(scored: readonly Scored[]): string {
  const rows = languages.map(language => {
    const counts = tally(scored.filter(record => record.language === language))
    return [
      languageNames[language],
      String(counts.mutants),
      `${counts.errorsFound}/${counts.errors} (${percent(recall(counts))})`,
      `${counts.silentFound}/${counts.silent} (${percent(silentRecall(counts))})`,
      `${counts.alarms} of ${counts.harmless} harmless`,
      percent(precision(counts)),
    ]
  })
  return table(['', 'mutants', 'errors found', 'silent faults found', 'false alarms', 'precision'], rows)
}

function byOperator(scored: readonly Scored[], operators: readonly Operator[]): string {
  const cells = (records: readonly Scored[]): string[] => {
    const { errors, errorsFound, silent, silentFound, alarms: count } = tally(records)
    const part = (found: number, all: number): string => (all === 0 ? '' : `${found}/${all}`)
    return [part(errorsFound, errors), part(silentFound, silent), count === 0 ? '' : String(count)]
  }
  const rows = operators.flatMap(({ id, what }) => {
    const records = scored.filter(({ operator }) => operator === id)
    if (records.length === 0) return []
    return [
      [`\`${id}\`: ${what}`, ...languages.flatMap(one => cells(records.filter(({ language }) => language === one)))],
    ]
  })
  const heads = languages.flatMap(one => [`${languageNames[one]}: errors`, 'silent', 'alarms'])
  return table(['operator', ...heads], rows)
}

const inCode = (text: string): string => {
  const shown = text.length > 110 ? `${text.slice(0, 107)}…` : text
  return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${shown}\``
}

const programOf = ({ page }: Scored): string => page.replace('test/cases/truth/', '').replace(/\.md$/, '')

/** By operator, folded, and by program. */
function missed(scored: readonly Scored[], operators: readonly Operator[]): string[] {
  const misses = scored.filter(({ truth, findings }) => truth === 'error' && findings.length === 0)
  if (misses.length === 0) return ['None.']
  return operators.flatMap(({ id }) => {
    const own = misses.filter(({ operator }) => operator === id)
    if (own.length === 0) return []
    const all = scored.filter(({ operator, truth }) => operator === id && truth === 'error').length
    const programs = [...new Set(own.map(programOf))]
    const lines = programs.map(program => {
      const faults = own.filter(one => programOf(one) === program).map(faultText)
      return `- ${program}\n${faults.map(text => `  - ${text}`).join('\n')}`
    })
    return [`<details><summary><code>${id}</code>: ${own.length} of ${all}</summary>`, lines.join('\n'), '</details>']
  })
}

const faultText = (one: Scored): string =>
  `${one.place}: ${inCode(one.after || one.before)} gives ${firstLine(one.text)}`

const firstLine = (text: string): string => {
  const line = text.split('\n')[0] ?? ''
  return inCode(line.replaceAll('`', "'"))
}

function silentMissed(scored: readonly Scored[], operators: readonly Operator[]): string {
  const lines = operators.flatMap(({ id }) => {
    const own = scored.filter(
      ({ operator, truth, findings }) => operator === id && truth === 'silent' && findings.length === 0,
    )
    if (own.length === 0) return []
    const programs = [...new Set(own.map(programOf))]
    const places = programs.map(
      program =>
        `${program} (${own
          .filter(one => programOf(one) === program)
          .map(({ place }) => place.replace(/^.*\//, ''))
          .join(', ')})`,
    )
    return [`- \`${id}\`, ${own.length}: ${places.join('; ')}`]
  })
  return lines.length === 0 ? 'None.' : lines.join('\n')
}

function alarms(scored: readonly Scored[]): string[] {
  const found = scored.filter(({ truth, findings }) => truth === 'harmless' && findings.length > 0)
  if (found.length === 0) return ['None.']
  const reasons = [...new Set(found.map(({ explanation }) => explanation ?? 'Not explained.'))]
  return reasons.flatMap(reason => {
    const own = found.filter(({ explanation }) => (explanation ?? 'Not explained.') === reason)
    const lines = own.map(
      one =>
        `- ${programOf(one)}, ${one.place}, \`${one.operator}\`: ${[...new Set(one.findings.map(({ rule }) => `\`${rule}\``))].join(', ')}`,
    )
    return [`${reason}`, lines.join('\n')]
  })
}

function dropped(scored: readonly Scored[]): string {
  const reasons = new Map<string, number>()
  for (const { truth, text } of scored) {
    const reason = truth === 'unread' ? 'the changed line is never executed' : truth === 'dropped' ? text : undefined
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  if (reasons.size === 0) return 'None.'
  return table(
    ['why', 'mutants'],
    [...reasons].sort().map(([reason, count]) => [reason, String(count)]),
  )
}
