// Puts the sections of an analysis together: the error or finding, expected against stored, hypotheses, fix, how to verify,
// what waits behind. What each section says is decided in its own file.

import type { Finding } from '../protocol'
import { count } from '../rules/show'
import { behind } from './behind'
import type { Dossier } from './dossier'
import { fixesText } from './fixes'
import { hypotheses } from './hypotheses/index'
import type { Answer } from './hypotheses/hypothesis'
import { layout } from './layout'
import { atLine, bullets, code, modelTitle, prose, table } from './markdown'

/** What a text about an error adds in front. */
export interface Opening {
  readonly title: string
  /** Sections of Markdown, with their headings. */
  readonly sections: readonly string[]
}

const answers: Readonly<Record<Answer, string>> = {
  confirmed: '**confirmed**',
  refuted: 'refuted',
  undecided: '*undecided*',
}

/** The whole document, with a final line break. */
export function documentOf(dossier: Dossier, opening?: Opening): string {
  const judged = hypotheses.map(hypothesis => ({ hypothesis, judged: hypothesis.judge(dossier) }))
  const waiting = behind(dossier)
  const confirmed = judged.filter(({ judged }) => judged.answer === 'confirmed')
  const parts = [
    `# ${opening?.title ?? titleOf(dossier)}`,
    shortly(
      dossier,
      confirmed.map(({ hypothesis, judged }) => `**${hypothesis.title}**: ${judged.summary}`),
    ),
    ...(opening?.sections ?? []),
    ...(dossier.findings.length > 0 || !opening ? [`## Findings\n\n${findingsText(dossier)}`] : []),
    `## Expected and stored\n\n${layout(dossier)}`,
    `## Hypotheses\n\n${table(
      ['hypothesis', 'answer', 'in short'],
      judged.map(({ hypothesis, judged }) => [hypothesis.title, answers[judged.answer], judged.summary]),
    )}`,
    ...judged
      .filter(({ judged }) => judged.evidence.length > 0)
      .map(({ hypothesis, judged }) => `### ${hypothesis.title}: ${judged.answer}\n\n${bullets(judged.evidence)}`),
    `## Fix\n\n${fixesText(dossier)}`,
    `## Verify\n\n${verifyText(dossier)}`,
    ...(waiting.length > 0 ? [`## Behind the first error\n\n${bullets(waiting)}`] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function titleOf({ subject, models, findings, show }: Dossier): string {
  if (subject) return `${prose(subject.rule)} at ${atLine(show, subject.path, subject.range.start)}`
  const [only] = models
  const name = models.length === 1 && only ? code(modelTitle(show, only)) : count(models.length, 'model')
  const errors = findings.filter(f => f.severity === 'error').length
  return `Analysis of ${name}: ${errors > 0 ? count(errors, 'error') : findings.length > 0 ? count(findings.length, 'finding') : 'no findings'}`
}

function shortly({ models, show }: Dossier, confirmed: readonly string[]): string {
  const about = models
    .slice(0, 4)
    .map(m => {
      const tensors = m.shards.reduce((sum, s) => sum + s.tensors.count, 0)
      return `${code(modelTitle(show, m))} (${count(tensors, 'tensor')} in ${count(m.shards.length, 'shard')})`
    })
    .join(', ')
  const more = models.length > 4 ? ` and ${models.length - 4} more` : ''
  const head = models.length > 0 ? `About ${about}${more}.` : 'No checkpoint was found here.'
  const faults =
    confirmed.length === 0
      ? 'No hypothesis is confirmed.'
      : confirmed.length === 1
        ? 'One fault is confirmed:'
        : `${confirmed.length} separate faults are confirmed:`
  return [`${head} ${faults}`, ...(confirmed.length > 0 ? [bullets(confirmed)] : [])].join('\n\n')
}

/** More than this is counted. */
const mostFindings = 12

function findingsText({ findings, subject, show }: Dossier): string {
  if (findings.length === 0) return 'There are none.'
  const order = ['error', 'warning', 'information', 'hint']
  const sorted = [...findings].sort(
    (a, b) => Number(b === subject) - Number(a === subject) || order.indexOf(a.severity) - order.indexOf(b.severity),
  )
  const line = (f: Finding) =>
    `${f === subject ? '**this one**: ' : ''}${f.severity} ${code(f.rule)} at ${atLine(show, f.path, f.range.start)}: ${prose(f.message)}`
  const more = findings.length - mostFindings
  return bullets([...sorted.slice(0, mostFindings).map(line), ...(more > 0 ? [`and ${more} more`] : [])])
}

function verifyText({ snapshot, models, show }: Dossier): string {
  const [only] = models
  const target = snapshot.models.length > 1 && models.length === 1 && only ? show(only.path) : '.'
  const quoted = /^[\w./-]+$/.test(target) ? target : `'${target.replace(/'/g, "'\\''")}'`
  return bullets([
    `command line, in the workspace folder: ${code(`tensorlint verify ${quoted}`)} decodes every quantized module with MLX as it is delivered now and as it would be after the fix; ${code(`tensorlint check ${quoted}`)} must then find no error`,
    `VS Code: the command ${code('Tensorlint: Verify Dequantize')}`,
  ])
}
