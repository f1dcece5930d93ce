// `npm run bench:truth`: does Tensorlint say what MLX does? Every program of the corpus is run as it is and with one
// fault at a time, under real MLX, and analysed; what was said is compared with what happened. Ends with 1 where a mark is
// missed. Flags: --program NAME, --operator ID, --fixes (what their fixes are worth), --keep (the folders that were run
// in), --write (docs/accuracy.md, with the fixes).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { askPages } from './askPages'
import { explain } from './explanations'
import { byRule, byRuleAndOperator, fixMarks, totals } from './fixes/report'
import type { Trial } from './fixes/trial'
import { tryFixes } from './fixes/tryFixes'
import type { Mutant } from './mutant'
import { operators } from './operators/index'
import { isPlaced } from './places'
import { refusalOf } from './refusals'
import { accuracyPage } from './report'
import { nodeRunner } from './run/nodeRunner'
import type { Outcome } from './run/outcome'
import { pythonRunner } from './run/pythonRunner'
import { mutantsOf } from './sample'
import { isKept, marksOf, sameOutput, tally, type Scored, type Truth as TruthClass } from './score'
import { readCorpus, type Specimen } from './specimen'
import { Truth } from './truth'
import { inTurns } from './turns'
import type { Found } from './verdict'
import { serveVerdicts } from './verdictWorker'

/** What scripts/truth.mjs found out. */
interface Setting {
  readonly root: string
  readonly cache: string
  readonly python: string
  readonly mlxVersion: string
  /** What the programs run on, for people. */
  readonly versions: string
  readonly nodeModules: string
}

const workers = 2

async function main(setting: Setting, args: readonly string[]): Promise<void> {
  await loadGrammars(readGrammar)
  const { root, cache } = setting
  const only = (flag: string): string | undefined => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined)
  const [program, operator] = [only('--program'), only('--operator')]
  const corpus = readCorpus(root).filter(({ name }) => program === undefined || name === program)
  const chosen = operators.filter(({ id }) => operator === undefined || id === operator)
  if (corpus.length === 0 || chosen.length === 0) throw new Error('there is no such program or operator')
  const triesFixes = args.includes('--fixes') || args.includes('--write')

  const keep = join(cache, 'runs')
  const truth = new Truth({
    cache: join(cache, 'outcomes'),
    runners: {
      python: pythonRunner(setting.python, join(root, 'scripts/bench/truth/run/runner.py'), setting.mlxVersion),
      javascript: nodeRunner(setting.nodeModules, join(root, 'scripts/bench/truth/run/preload.mjs')),
    },
    ...(args.includes('--keep') ? { keep } : {}),
  })
  let began = performance.now()
  const ids = chosen.map(({ id }) => id)
  const verdicts = askPages(
    corpus.map(({ language, name }) => ({ root, language, name, operators: ids })),
    workers,
  )
  const mutants = new Map(corpus.map(specimen => [specimen, mutantsOf(specimen, chosen)]))
  const outcomes = new Map<Mutant, Outcome>()
  const originals = new Map<Specimen, Outcome>()
  const work = corpus.flatMap(specimen => [
    async () => void originals.set(specimen, await truth.of(specimen, specimen.files, true)),
    ...(mutants.get(specimen) ?? []).map(
      mutant => async () => void outcomes.set(mutant, await truth.of(specimen, mutant.files)),
    ),
    () => Promise.resolve(truth.save(specimen, false)),
  ])
  await inTurns(work, workers)
  console.log(`${outcomes.size} mutants of ${corpus.length} programs; ${truth.ran} programs run in ${seconds(began)} s`)
  began = performance.now()
  const answers = await verdicts
  console.log(
    `analysed in ${(answers.map(({ took }) => took).reduce((a, b) => a + b, 0) / 1000).toFixed(1)} s of ${workers} processes`,
  )

  const refusal = readFileSync(join(root, 'scripts/bench/truth/run/reference.py'), 'utf8')
  const scored: Scored[] = []
  let spoiled = 0
  for (const [index, specimen] of corpus.entries()) {
    const original = originals.get(specimen)
    const { original: foundOnOriginal = [], mutants: found = [] } = answers[index] ?? {}
    if (original?.status !== 'ok') {
      spoiled++
      console.log(`${specimen.page} does not run: ${original?.status} ${original?.type ?? ''} ${original?.text ?? ''}`)
      continue
    }
    for (const one of foundOnOriginal)
      console.log(
        `${specimen.page}: found on the original: ${one.path}:${one.line} ${one.severity}[${one.rule}] ${one.message}`,
      )
    spoiled += foundOnOriginal.length > 0 ? 1 : 0
    const byId = new Map(found)
    for (const mutant of mutants.get(specimen) ?? []) {
      const record = scoreOf(mutant, original, outcomes.get(mutant) ?? { status: 'aborted' }, byId.get(mutant.id) ?? [])
      scored.push(await withRefusal(record, mutant, truth, refusal))
    }
  }
  let trials: readonly Trial[] = []
  if (triesFixes) {
    began = performance.now()
    trials = await tryFixes({ root, operators: ids, mutants, originals, truth, workers }, scored)
    console.log(`${trials.length} fixes tried in ${seconds(began)} s`)
    writeFileSync(join(cache, 'fixes.json'), JSON.stringify(trials, null, 1))
    console.log(`${totals(trials)}\n\n${byRule(trials)}\n\n${byRuleAndOperator(trials)}`)
  }
  // What was not asked for is forgotten where everything was asked for.
  for (const specimen of corpus) truth.save(specimen, operator === undefined && triesFixes)
  truth.stop()

  const all = tally(scored)
  const marks = [...marksOf(all, spoiled), ...(triesFixes ? fixMarks(trials) : [])]
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(cache, 'scored.json'), JSON.stringify(scored))
  writeFileSync(join(cache, 'misses.json'), JSON.stringify(scored.filter(isMiss), null, 1))
  for (const miss of scored.filter(isMiss)) console.log(missLine(miss))
  for (const alarm of scored.filter(isAlarm)) console.log(alarmLine(alarm))
  console.log(
    `\nerrors ${all.errorsFound}/${all.errors}, silent ${all.silentFound}/${all.silent}, harmless ${all.harmless} with ${all.alarms} alarms, unread ${all.unread}, dropped ${all.dropped}`,
  )
  for (const mark of marks)
    console.log(
      `${isKept(mark) ? 'ok    ' : 'FAILED'} ${mark.name}: ${mark.isCount ? mark.value : mark.value.toFixed(3)} (at least ${mark.atLeast})`,
    )
  if (args.includes('--write'))
    writeFileSync(
      join(root, 'docs/accuracy.md'),
      accuracyPage(scored, marks, corpus, operators, setting.versions, trials),
    )
  process.exitCode = marks.every(isKept) ? 0 : 1
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1)

const isMiss = ({ truth, findings }: Scored): boolean => truth === 'error' && findings.length === 0
const isAlarm = ({ truth, findings, explanation }: Scored): boolean =>
  truth === 'harmless' && findings.length > 0 && explanation === undefined

const missLine = ({ page, place, operator, before, after, text }: Scored): string =>
  `MISS ${page} ${place} ${operator} | ${before} → ${after} | ${text.split('\n')[0]}`
const alarmLine = ({ page, place, operator, before, after, findings }: Scored): string =>
  `ALARM ${page} ${place} ${operator} | ${before} → ${after} | ${findings.map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`).join(' || ')}`

function scoreOf(mutant: Mutant, original: Outcome, outcome: Outcome, findings: readonly Found[]): Scored {
  const { specimen, operator, id, place, before, after } = mutant
  const { truth, text } = classOf(mutant, original, outcome)
  const explanation =
    truth === 'harmless'
      ? explain(
          operator.id,
          findings.map(({ rule }) => rule),
        )
      : undefined
  return {
    page: specimen.page,
    program: specimen.name,
    language: specimen.language,
    operator: operator.id,
    target: operator.target,
    id,
    place,
    before,
    after,
    truth,
    text,
    findings,
    placed: isPlaced(mutant, outcome.frames ?? [], findings),
    ...(explanation === undefined ? {} : { explanation }),
  }
}

/** Whether another program would refuse the files of a mutant that did no harm here, and on which something is found. */
async function withRefusal(record: Scored, mutant: Mutant, truth: Truth, script: string): Promise<Scored> {
  if (record.truth !== 'harmless' || record.findings.length === 0 || record.target !== 'checkpoint') return record
  const entry = '.reference.py'
  const readers: Specimen = { ...mutant.specimen, name: `${mutant.specimen.name}-readers`, language: 'python', entry }
  const files = new Map([...mutant.files, [entry, { kind: 'text', text: script } as const]])
  const { status, text = '' } = await truth.of(readers, files)
  truth.save(readers, false)
  return status === 'raised' ? { ...record, truth: 'refused', text } : record
}

function classOf(
  { lines, operator }: Mutant,
  original: Outcome,
  outcome: Outcome,
): { truth: TruthClass; text: string } {
  const { status, type = '', text = '', output = '' } = outcome
  if (status === 'aborted' || status === 'timeout') return { truth: 'dropped', text: status }
  if (status === 'raised') {
    const refusal = refusalOf(text)
    return refusal === undefined ? { truth: 'error', text: `${type}: ${text}` } : { truth: 'dropped', text: refusal }
  }
  if (!sameOutput(original.output ?? '', output)) return { truth: 'silent', text: '' }
  const executed = new Set((original.lines ?? []).map(([path, line]) => `${path}:${line}`))
  const isRead = operator.target !== 'program' || (lines ?? []).some(([path, line]) => executed.has(`${path}:${line}`))
  return { truth: isRead ? 'harmless' : 'unread', text: '' }
}

if (!process.send)
  main(JSON.parse(process.argv[2] ?? '') as Setting, process.argv.slice(3)).catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
else serveVerdicts()
