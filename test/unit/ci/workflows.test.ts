// The action and the pre-commit hook are run as GitHub and pre-commit would run them: their files are parsed and their
// command lines started, on a checkout whose command line only prints what it was given.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { tempFolder, writeFiles } from '../../support/tempFolder'

const root = join(__dirname, '..', '..', '..')
const yaml = (file: string) => parse(readFileSync(join(root, file), 'utf8')) as unknown

/** A checkout whose command line prints its arguments as JSON and ends with 1. */
function checkout(): string {
  const folder = tempFolder({
    'dist/cli.js': 'console.log(JSON.stringify([process.cwd(), process.argv.slice(2)])); process.exitCode = 1',
  })
  mkdirSync(join(folder, 'scripts/ci'), { recursive: true })
  copyFileSync(join(root, 'scripts/ci/tensorlint.mjs'), join(folder, 'scripts/ci/tensorlint.mjs'))
  return folder
}

const start = (command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) =>
  spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } })

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>
  readonly runs: {
    readonly using: string
    readonly steps: readonly { readonly run?: string; readonly shell?: string; readonly env?: Record<string, string> }[]
  }
}

describe.runIf(process.platform !== 'win32')('action.yml', () => {
  const action = yaml('action.yml') as Action
  const [step, ...others] = action.runs.steps.filter(({ run }) => run !== undefined)

  /** Runs the step in bash with the options that GitHub gives it. */
  function check(cwd: string, inputs: Readonly<Record<string, string>>, folder = checkout()) {
    const fill = (text: string) =>
      text.replace(/\$\{\{ (\w+)\.(\w+) \}\}/g, (whole, context: string, name: string) => {
        if (context === 'github' && name === 'action_path') return folder
        const input = action.inputs[name]
        if (context !== 'inputs' || !input) throw new Error(`${whole} is not known`)
        return inputs[name] ?? input.default
      })
    const env = Object.fromEntries(Object.entries(step?.env ?? {}).map(([key, value]) => [key, fill(value)]))
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? '']
    return start('bash', args, cwd, env)
  }

  test('is a composite action of one command, whose script takes inputs from the environment alone', () => {
    expect(action.runs.using).toBe('composite')
    expect(others).toEqual([])
    expect(step?.shell).toBe('bash')
    // An input pasted into the script would be code.
    expect(step?.run).not.toContain('${{')
    for (const { description } of Object.values(action.inputs)) expect(description).toMatch(/\S/)
  })

  test('checks the workspace and hands on the exit code', () => {
    const cwd = tempFolder()
    const { status, stdout } = check(cwd, {})
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toEqual([cwd, ['check', '--format', 'github', '.']])
  })

  test('takes several paths, a baseline, and names that a shell would read', () => {
    const cwd = tempFolder()
    const path = 'a folder\n$(touch hacked)\n\n*\n'
    const { stdout } = check(cwd, { path, baseline: 'known "one".json', format: 'text' })
    expect(JSON.parse(stdout)).toEqual([
      cwd,
      ['check', '--format', 'text', '--baseline', 'known "one".json', 'a folder', '$(touch hacked)', '*'],
    ])
  })

  test('writes the report to a file where one is named, and still fails', () => {
    const cwd = tempFolder()
    const { status, stdout } = check(cwd, { format: 'sarif', output: 'x.sarif' })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(JSON.parse(readFileSync(join(cwd, 'x.sarif'), 'utf8'))).toEqual([cwd, ['check', '--format', 'sarif', '.']])
  })
})

describe('.pre-commit-hooks.yaml', () => {
  const hooks = yaml('.pre-commit-hooks.yaml') as readonly {
    readonly id: string
    readonly language: string
    readonly entry: string
    readonly args: readonly string[]
    readonly files: string
    readonly pass_filenames: boolean
  }[]
  const [hook] = hooks

  test('names a script that can be executed', () => {
    expect(hooks.map(({ id, language }) => [id, language])).toEqual([['tensorlint', 'script']])
    const script = join(root, hook?.entry ?? '')
    expect(readFileSync(script, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    if (process.platform !== 'win32') expect(statSync(script).mode & 0o111).toBe(0o111)
  })

  test('checks the folder where it runs', () => {
    const cwd = tempFolder()
    const folder = checkout()
    const { status, stdout } = start(process.execPath, [join(folder, hook?.entry ?? ''), ...(hook?.args ?? [])], cwd)
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toEqual([cwd, ['check', '.']])
  })

  test('runs for the files that a check reads, and for no others', () => {
    const files = new RegExp(hook?.files ?? '')
    for (const file of [
      'a/model.safetensors',
      'config.json',
      'm/config.json',
      'x.py',
      'x.mts',
      'x.tsx',
      '.tensorlintrc.json',
    ])
      expect(files.test(file), file).toBe(true)
    for (const file of ['README.md', 'tsconfig.json', 'package.json', 'x.pyc', 'x.go'])
      expect(files.test(file), file).toBe(false)
  })
})

describe('scripts/ci/tensorlint.mjs', () => {
  test('builds where there is no bundle, keeps standard output for the report', () => {
    const folder = checkout()
    writeFiles(folder, {
      'esbuild.js':
        'console.log("building"); require("node:fs").writeFileSync("dist/cli.js", "console.log(\'built\')")',
      'node_modules/x/package.json': '{}',
    })
    const script = join(folder, 'scripts/ci/tensorlint.mjs')
    const cwd = tempFolder()
    expect(start(process.execPath, [script], cwd).stdout).toContain(cwd)
    const fresh = tempFolder({
      'esbuild.js': readFileSync(join(folder, 'esbuild.js'), 'utf8'),
      'node_modules/x': '',
      'dist/x': '',
    })
    mkdirSync(join(fresh, 'scripts/ci'), { recursive: true })
    copyFileSync(script, join(fresh, 'scripts/ci/tensorlint.mjs'))
    const { status, stdout, stderr } = start(process.execPath, [join(fresh, 'scripts/ci/tensorlint.mjs')], cwd)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'built\n', stderr: 'building\n' })
  })

  test('says what failed, and ends with 2', () => {
    const folder = tempFolder({ 'esbuild.js': 'process.exit(3)', 'node_modules/x': '' })
    mkdirSync(join(folder, 'scripts/ci'), { recursive: true })
    copyFileSync(join(root, 'scripts/ci/tensorlint.mjs'), join(folder, 'scripts/ci/tensorlint.mjs'))
    const { status, stderr } = start(process.execPath, [join(folder, 'scripts/ci/tensorlint.mjs')], folder)
    expect(status).toBe(2)
    expect(stderr).toBe('tensorlint: node esbuild.js failed\n')
  })
})
