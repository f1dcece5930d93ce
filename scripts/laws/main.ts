// `npm run laws`: compares the shape laws with real MLX on random operations and prints what differs.
// `--count N` operations of each law (1000), `--seed N`, `--only TEXT` laws whose name holds the text, `--record` keeps
// the answers to the first of them in test/recorded/shapeLaws.json, for machines without MLX.
// TENSORLINT_TEST_PYTHON names the Python with MLX; without it the environment that the tests make is used.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { loadGrammars } from '../../server/source/grammars'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { pythonEnvironment } from '../setup/python.mjs'
import { compare } from './compare'
import { drawn, laws, recordedSeed, recordedCount } from './index'
import { mlxAnswers } from './mlx'
import { ourAnswers } from './ours'

const recordedPath = join(__dirname, '..', '..', 'test', 'recorded', 'shapeLaws.json')

async function python(): Promise<string> {
  if (process.env.TENSORLINT_TEST_PYTHON) return process.env.TENSORLINT_TEST_PYTHON
  const venv = await pythonEnvironment()
  if (!venv.ok) throw new Error(venv.reason)
  return venv.python
}

async function record(interpreter: string): Promise<void> {
  const kept: Record<string, Record<string, string>> = {}
  for (const law of laws) {
    const expressions = drawn(law, recordedCount, recordedSeed)
    const answers = mlxAnswers(interpreter, expressions)
    kept[law.name] = Object.fromEntries(expressions.map((e, i) => [e, answers[i] ?? '']))
  }
  const options = await resolveConfig(recordedPath)
  writeFileSync(recordedPath, await format(JSON.stringify(kept), { ...options, filepath: recordedPath }))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(recordedSeed) },
      only: { type: 'string', default: '' },
      shown: { type: 'string', default: '5' },
      record: { type: 'boolean', default: false },
    },
  })
  const interpreter = await python()
  if (values.record) return record(interpreter)
  await loadGrammars(readGrammar)
  const shown = Number(values.shown)
  let bad = 0
  for (const law of laws.filter(({ name }) => name.includes(values.only))) {
    const expressions = drawn(law, Number(values.count), Number(values.seed))
    const { count, unknown, refused, missed, wrong } = compare(
      expressions,
      ourAnswers(expressions),
      mlxAnswers(interpreter, expressions),
    )
    bad += wrong.length
    const share = (n: number) => `${((100 * n) / count).toFixed(1)} %`
    console.log(
      `${law.name}: ${count} operations, ${share(refused)} refused, ${share(unknown.length)} not known, ${share(missed.length)} refusals missed, ${wrong.length} wrong`,
    )
    for (const [what, rows] of [
      ['wrong', wrong],
      ['missed', missed],
      ['not known', unknown],
    ] as const)
      for (const { expression, ours, theirs } of rows.slice(0, shown))
        console.log(`  ${what}: ${expression}\n    here: ${ours}\n    MLX:  ${theirs}`)
  }
  process.exitCode = bad > 0 ? 1 : 0
}

void main()
