// `npm run laws`: compares the shape laws with real MLX on random operations and prints what differs.
// `--count N` operations of each law (1000), `--seed N`, `--only TEXT` laws whose name holds the text, `--record` keeps
// the answers to the first of them in test/recorded/shapeLaws.json, for machines without MLX.
// Expressions that are written down (spelled/) are compared with Python, Node 22 or later, and MLX for Node in the same way.
// TENSORLINT_TEST_PYTHON names the Python with MLX; without it the environment that the tests make is used.

import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { loadGrammars } from '../../server/source/grammars'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { frostMlx } from '../setup/frost.mjs'
import { pythonEnvironment } from '../setup/python.mjs'
import { compare, type Comparison } from './compare'
import { drawn, laws, recordedSeed, recordedCount } from './index'
import { mlxAnswers, nodeAnswers } from './mlx'
import { ourAnswers } from './ours'
import { expressionsOf, type Spelled, spelled } from './spelled'

const recordedPath = join(__dirname, '..', '..', 'test', 'recorded', 'shapeLaws.json')

async function python(): Promise<string> {
  if (process.env.TENSORLINT_TEST_PYTHON) return process.env.TENSORLINT_TEST_PYTHON
  const venv = await pythonEnvironment()
  if (!venv.ok) throw new Error(venv.reason)
  return venv.python
}

/** What Python, Node or MLX for Node makes of a list of expressions. */
async function truthOf(list: Spelled, interpreter: string): Promise<readonly string[]> {
  const expressions = expressionsOf(list)
  if (list.truth === 'python') return mlxAnswers(interpreter, expressions)
  if (list.truth === 'node') return nodeAnswers(expressions)
  const frost = await frostMlx()
  if (!frost.ok) throw new Error(frost.reason)
  return nodeAnswers(expressions, dirname(frost.nodeModules))
}

async function record(interpreter: string): Promise<void> {
  const kept: Record<string, Record<string, string>> = {}
  for (const law of laws) {
    const expressions = drawn(law, recordedCount, recordedSeed)
    const answers = mlxAnswers(interpreter, expressions)
    kept[law.name] = Object.fromEntries(expressions.map((e, i) => [e, answers[i] ?? '']))
  }
  for (const list of spelled) {
    const answers = await truthOf(list, interpreter)
    kept[list.name] = Object.fromEntries(expressionsOf(list).map((e, i) => [e, answers[i] ?? '']))
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
  const tell = (name: string, { count, unknown, refused, missed, wrong }: Comparison): void => {
    bad += wrong.length
    const share = (n: number) => `${((100 * n) / count).toFixed(1)} %`
    console.log(
      `${name}: ${count} operations, ${share(refused)} refused, ${share(unknown.length)} not known, ${share(missed.length)} refusals missed, ${wrong.length} wrong`,
    )
    for (const [what, rows] of [
      ['wrong', wrong],
      ['missed', missed],
      ['not known', unknown],
    ] as const)
      for (const { expression, ours, theirs } of rows.slice(0, shown))
        console.log(`  ${what}: ${expression}\n    here: ${ours}\n    MLX:  ${theirs}`)
  }
  const isAsked = ({ name }: { readonly name: string }) => name.includes(values.only)
  for (const law of laws.filter(isAsked)) {
    const expressions = drawn(law, Number(values.count), Number(values.seed))
    tell(law.name, compare(expressions, ourAnswers(expressions), mlxAnswers(interpreter, expressions)))
  }
  for (const list of spelled.filter(isAsked)) {
    const expressions = expressionsOf(list)
    tell(list.name, compare(expressions, ourAnswers(expressions, list.language), await truthOf(list, interpreter)))
  }
  process.exitCode = bad > 0 ? 1 : 0
}

void main()
