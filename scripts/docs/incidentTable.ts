// docs/incidents.md: every incident with the rule that finds it and the case that reproduces it, or the reason why there is
// none. A case names its incidents in its heading, or in the text below it: `## Layers that were dropped (I-127)`.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { incidents, reasons, type Incident } from './incidents'

export interface IncidentCase {
  /** Below test/cases, with slashes. */
  readonly page: string
  readonly heading: string
  readonly incidents: readonly string[]
  /** Rules that the case expects to speak, in the order of the page; none where the point is that nothing does. */
  readonly rules: readonly string[]
}

const folder = join(__dirname, '..', '..', 'test', 'cases')

/** Every case that names an incident. */
export function incidentCases(): readonly IncidentCase[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(page => page.replaceAll('\\', '/'))
  return pages
    .filter(page => page.endsWith('.md'))
    .sort()
    .flatMap(page => casesOf(page, readFileSync(join(folder, page), 'utf8')))
}

const unique = (found: Iterable<string>): readonly string[] => [...new Set(found)]

/** The cases of one page that name an incident. A line of a block that begins with `#` is no heading. */
export function casesOf(page: string, text: string): readonly IncidentCase[] {
  const sections: { heading: string; prose: string; blocks: string }[] = []
  let fence: string | undefined
  for (const line of text.split('\n')) {
    const ticks = /^`{3,}/.exec(line)?.[0]
    const heading = fence === undefined ? /^#{1,6}\s+(.*)$/.exec(line)?.[1] : undefined
    if (heading !== undefined) sections.push({ heading, prose: heading, blocks: '' })
    const section = sections.at(-1)
    if (section && fence === undefined) section.prose += `\n${line}`
    else if (section) section.blocks += `\n${line}`
    if (ticks !== undefined) fence = fence === undefined ? ticks : fence === line.trimEnd() ? undefined : fence
  }
  return sections.flatMap(({ heading, prose, blocks }) => {
    const named = unique([...prose.matchAll(/\bI-\d+\b/g)].map(([id]) => id))
    const marks = blocks.matchAll(/(?:error|warning|information|hint)\[([\w-]+)\]/g)
    const rules = unique([...marks].map(([, rule = '']) => rule))
    return named.length === 0 ? [] : [{ page, heading, incidents: named, rules }]
  })
}

/** What is wrong with the two lists together, one sentence each: an incident has a case or a reason. */
export function incidentFaults(cases: readonly IncidentCase[]): readonly string[] {
  const known = new Set(incidents.map(({ id }) => id))
  const reproduced = new Set(cases.flatMap(each => each.incidents))
  return [
    ...(known.size < incidents.length ? ['an incident is listed twice'] : []),
    ...[...reproduced].filter(id => !known.has(id)).map(id => `${id} is named by a case and not listed`),
    ...incidents.flatMap(({ id, reason }) => {
      if (reproduced.has(id)) return reason === undefined ? [] : [`${id} has a case and a reason for having none`]
      return reason === undefined ? [`${id} has neither a case nor a reason`] : []
    }),
  ]
}

const owners: Readonly<Record<string, string>> = {
  mlx: 'ml-explore/mlx',
  'mlx-lm': 'ml-explore/mlx-lm',
  'mlx-examples': 'ml-explore/mlx-examples',
  'mlx-swift': 'ml-explore/mlx-swift',
  'mlx-swift-examples': 'ml-explore/mlx-swift-examples',
  'mlx-swift-lm': 'ml-explore/mlx-swift-lm',
  'mlx-vlm': 'Blaizzy/mlx-vlm',
  exo: 'exo-explore/exo',
  vllm: 'vllm-project/vllm',
  huggingface_hub: 'huggingface/huggingface_hub',
}

/** The address of a thread: `mlx-lm#727`, or a repository alone. */
export function threadAddress(thread: string): string {
  const [repository = '', number] = thread.split('#')
  const path = repository.includes('/') ? repository : (owners[repository] ?? '')
  if (path === '') throw new Error(`whose repository is ${thread}?`)
  return `https://github.com/${path}${number === undefined ? '' : `/issues/${number}`}`
}

/** The anchor that GitHub gives a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function row({ id, what, threads }: Incident, cases: readonly IncidentCase[]): string {
  const own = cases.filter(({ incidents: named }) => named.includes(id))
  const rules = unique(own.flatMap(each => each.rules)).map(rule => `[${rule}](rules/${rule}.md)`)
  const places = own.map(
    ({ page, heading }) => `[${heading.replace(/ \(I-.*\)$/, '')}](../test/cases/${page}#${anchor(heading)})`,
  )
  const links = threads.map(thread => `[${thread}](${threadAddress(thread)})`)
  const found = rules.length > 0 ? rules.join(', ') : 'none: the files are sound, the loader is not'
  return `| ${id} | ${what} (${links.join(', ')}) | ${found} | ${places.join('; ')} |`
}

/** docs/incidents.md. */
export function incidentPage(cases: readonly IncidentCase[] = incidentCases()): string {
  const isReproduced = ({ id }: Incident) => cases.some(({ incidents: named }) => named.includes(id))
  const rest = incidents.filter(each => !isReproduced(each))
  const groups = (Object.keys(reasons) as (keyof typeof reasons)[]).map(key => ({
    text: reasons[key],
    own: rest.filter(({ reason }) => reason === key),
  }))
  return [
    '# Incidents',
    '',
    '<!-- Written by `npm run docs` from scripts/docs/incidents.ts and the headings of test/cases. -->',
    '',
    'Weights that did not load, or loaded wrongly, as people reported them, each with the rule that finds it and the case that reproduces it.',
    `Of ${incidents.length}, ${incidents.length - rest.length} are reproduced from headers, config, index and, for a few, the loader's source; what keeps the others from it stands below.`,
    '',
    '| incident | what happened | rule | case |',
    '|---|---|---|---|',
    ...incidents.filter(isReproduced).map(each => row(each, cases)),
    '',
    '## Without a case',
    '',
    '| incident | what happened | reason |',
    '|---|---|---|',
    ...groups.flatMap(({ text, own }) =>
      own.map(({ id, what, threads }) => {
        const links = threads.map(thread => `[${thread}](${threadAddress(thread)})`)
        return `| ${id} | ${what} (${links.join(', ')}) | ${text} |`
      }),
    ),
    '',
  ].join('\n')
}
