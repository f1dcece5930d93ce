// The sample must not be special: its programs with every name changed, classes moved to other files, methods in another
// order, and folders and shards renamed, give the same findings at the same statements, with the same fixes.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Variant, writeSample } from '../../../scripts/sample/writeSample'
import { analyse } from '../../../server/engine'
import { loadGrammars } from '../../../server/source/grammars'
import { lineIndex } from '../../../server/util/lineIndex'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { Session } from '../../../server/workspace/session'
import { tempFolder } from '../../support/tempFolder'
import { rearrangePython, rearrangeTypeScript } from './rearrange'
import { renaming, type Renaming } from './rename'

beforeAll(() => loadGrammars(readGrammar))

const variants: readonly Variant[] = ['broken', 'weight-only', 'scales-sliced', 'wrong-bits', 'correct']
const seeds = [1, 2, 3]

for (const variant of variants)
  test(`the ${variant} sample under other names gives the same findings`, async () => {
    const folder = tempFolder()
    writeSample(folder, { variant })
    const expected = await findings(folder, { python: undefined, typescript: undefined })
    expect(expected.length > 0).toBe(variant !== 'correct')
    for (const seed of seeds) expect(await disguised(variant, seed), `seed ${seed}`).toEqual(expected)
  })

async function disguised(variant: Variant, seed: number): Promise<readonly string[]> {
  const folder = tempFolder()
  writeSample(folder, { variant })
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const [python, typescript] = [renaming('python', seed), renaming('typescript', seed)]
  const written = [
    ...[...rearrangePython(read('loader.py'), read('transformer.py'), seed)].map(
      ([file, text]) => [`${python.rename(file.slice(0, -3))}.py`, python.rename(files(text, seed))] as const,
    ),
    ...[...rearrangeTypeScript(read('loader.ts'), seed)].map(
      ([file, text]) => [file, typescript.rename(files(text, seed))] as const,
    ),
  ]
  for (const file of ['loader.py', 'transformer.py', 'loader.ts']) rmSync(join(folder, file))
  for (const [file, text] of written) writeFileSync(join(folder, file), text)
  for (const rank of [0, 1]) {
    renameSync(join(folder, `rank_${rank}/model.safetensors`), join(folder, `rank_${rank}/part${seed}.safetensors`))
    renameSync(join(folder, `rank_${rank}`), join(folder, `node-${seed}-${rank}`))
  }
  return findings(folder, { python, typescript })
}

/** The paths that the programs name, as they are called now. */
const files = (text: string, seed: number): string =>
  text.replace(/rank_(?=[{$])/g, `node-${seed}-`).replace(/model\.safetensors/g, `part${seed}.safetensors`)

/** Findings without places: rule, severity, tensors, the statement's text, and what the fixes put where. */
async function findings(
  folder: string,
  names: { python: Renaming | undefined; typescript: Renaming | undefined },
): Promise<readonly string[]> {
  const errors: unknown[] = []
  const session = new Session({ analyse, onError: error => errors.push(error) })
  session.configure({ folders: [folder] })
  const { analysis } = await session.current()
  session.dispose()
  expect(errors).toEqual([])
  expect(analysis.broken).toEqual([])
  const textIn = (path: string, range: (typeof analysis.findings)[number]['range']): string => {
    if (!/\.(py|ts|json)$/.test(path)) return ''
    const text = readFileSync(path, 'utf8')
    const index = lineIndex(text)
    return restored(path, text.slice(index.offset(range.start), index.offset(range.end)))
  }
  const restored = (path: string, text: string): string =>
    (path.endsWith('.py') ? names.python : names.typescript)?.restore(text) ?? text
  return analysis.findings
    .map(({ rule, severity, path, range, tensors, fixes }) =>
      JSON.stringify({
        rule,
        severity,
        file: /\.\w+$/.exec(path)?.[0],
        statement: textIn(path, range),
        tensors: [...tensors].sort(),
        fixes: fixes.map(({ title, kind, edits }) => ({
          title,
          kind,
          edits: edits.map(e => [textIn(e.path, e.range), restored(e.path, e.newText)]),
        })),
      }),
    )
    .sort()
}
