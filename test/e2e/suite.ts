// Entry point of the extension tests: VS Code's extension host calls `run`. Which scene is played, and where the
// results go, is in the environment. The runner is our own few lines: test frameworks load their parts at run time,
// which a single bundled file in somebody else's process does not survive.
import fs from 'node:fs'
import { reading } from './scenes/reading'
import { sample } from './scenes/sample'
import { untrusted } from './scenes/untrusted'

export interface SceneTest {
  readonly name: string
  run(): Promise<void>
}

/** What a scene hands to the process that started it. */
export interface TestResult {
  readonly name: string
  readonly ms: number
  readonly error?: string
}

const scenes: Readonly<Record<string, readonly SceneTest[]>> = { reading, sample, untrusted }

/** Runs the tests of a scene in their order; a later one builds on what an earlier one did. */
export async function run(): Promise<void> {
  const { TENSORLINT_E2E_SCENE: name = 'sample', TENSORLINT_E2E_RESULT: file } = process.env
  const scene = scenes[name]
  if (scene === undefined || file === undefined) throw new Error(`No scene ${name}, or no file for its results`)
  const results: TestResult[] = []
  for (const test of scene) {
    const start = Date.now()
    const error = await test.run().then(
      () => undefined,
      (reason: unknown) => (reason instanceof Error ? showError(reason) : String(reason)),
    )
    results.push({ name: test.name, ms: Date.now() - start, error })
  }
  // Written beside and renamed, so that the reader never sees half a file.
  fs.writeFileSync(`${file}.part`, JSON.stringify(results))
  fs.renameSync(`${file}.part`, file)
  if (results.some(({ error }) => error !== undefined)) throw new Error('A test failed')
}

/** The message and the places in our own code; VS Code's part of the stack says nothing. */
function showError({ stack = '' }: Error): string {
  const lines = stack.split('\n')
  return lines.filter(line => !/^\s+at /.test(line) || line.includes('dist/')).join('\n')
}
