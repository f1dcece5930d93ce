// The sample's two programs really run: they fail as generated, the command line repairs them, and they run to their
// end. scripts/test.mjs names the Python with MLX, and the packages with Node's MLX, in the environment.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test, type TestContext } from 'vitest'
import { writeSample } from '../../scripts/sample/writeSample'

const root = path.resolve(import.meta.dirname, '../..')
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tensorlint-run-'))
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

/** Name, and the command that runs it; undefined where its MLX is not to be had here. */
const programs: readonly { name: string; part: string; command: (folder: string) => string[] | undefined }[] = [
  { name: 'loader.py', part: 'MLX for Python', command: pythonCommand },
  { name: 'loader.ts', part: "MLX for Node (the npm package '@frost-beta/mlx')", command: nodeCommand },
]

function pythonCommand(): string[] | undefined {
  const python = process.env.TENSORLINT_TEST_MLX_PYTHON
  return python === undefined ? undefined : [python, 'loader.py']
}

/** The program finds `@frost-beta/mlx` where a user's would be: in node_modules beside it. */
function nodeCommand(folder: string): string[] | undefined {
  const nodeModules = process.env.TENSORLINT_TEST_NODE_MODULES
  if (nodeModules === undefined) return undefined
  fs.symlinkSync(nodeModules, path.join(folder, 'node_modules'), 'junction')
  return [process.execPath, path.join(root, 'node_modules/tsx/dist/cli.mjs'), 'loader.ts']
}

function runIn(folder: string, [program, ...args]: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program ?? '', args, { cwd: folder, encoding: 'utf8', timeout: 120_000 })
  return { status, output: `${stdout}${stderr}` }
}

const cli = (folder: string, ...args: string[]) =>
  runIn(folder, [process.execPath, path.join(root, 'dist/cli.js'), ...args])

describe.each(programs)('$name', ({ name, part, command }) => {
  async function prepare(context: TestContext, variant: string): Promise<{ folder: string; line: string[] }> {
    const folder = path.join(directory, `${name}-${variant}`)
    fs.mkdirSync(folder)
    writeSample(folder)
    const line = command(folder)
    return line === undefined ? context.skip(`${part} is not to be had here`) : { folder, line }
  }

  test('fails as generated, and runs once the fixes are applied', async context => {
    const { folder, line } = await prepare(context, 'fixed')
    const before = runIn(folder, line)
    expect(before.status, before.output).not.toBe(0)
    expect(before.output).toMatch(/\[(dequantize|quantized_matmul)\]/)

    const found = cli(folder, 'check', '.')
    expect(found.status, found.output).toBe(1)
    const fixed = cli(folder, 'fix', '.', '--write')
    expect(fixed.status, fixed.output).toBe(0)
    const after = runIn(folder, line)
    expect(after.status, after.output).toBe(0)
    const again = cli(folder, 'check', '.')
    expect(again.status, again.output).toBe(0)
  })

  test('is left as it is by a dry run', async context => {
    const { folder } = await prepare(context, 'dry')
    const text = fs.readFileSync(path.join(folder, name), 'utf8')
    expect(cli(folder, 'fix', '.').output).toContain(name)
    expect(fs.readFileSync(path.join(folder, name), 'utf8')).toBe(text)
  })
})
