// The project's own rules, tested: who may import whom, how long a file may be, what every rule must have, and what no
// tracked file may hold. The layer table is the one that ARCHITECTURE.md explains.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  .toString()
  .split('\0')
  .filter(file => file !== '' && fs.existsSync(path.join(root, file)))
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8')

const engineLayers = ['server/interp', 'server/source', 'server/quant', 'server/checkpoint', 'server/util']
const protocol = 'server/protocol'

/** Layer → what it may import. Layers are path prefixes, the longest wins; names without a slash are packages. */
const layers: Readonly<Record<string, readonly string[]>> = {
  'server/util': [],
  'server/protocol': [],
  'server/scan': [],
  'server/checkpoint': ['server/util', 'jsonc-parser'],
  'server/quant': ['server/checkpoint', 'server/util', 'jsonc-parser'],
  'server/source': ['server/util', 'web-tree-sitter'],
  'server/interp': ['server/source', 'server/checkpoint', 'server/quant', 'server/util', 'jsonc-parser'],
  'server/rules': [...engineLayers, 'jsonc-parser', 'fastest-levenshtein'],
  'server/verify': [...engineLayers, 'server/rules'],
  'server/actions': [...engineLayers, 'server/engine'],
  'server/explain': [...engineLayers, 'server/engine', 'server/rules', 'server/verify', 'jsonc-parser', 'diff'],
  'server/insight': [...engineLayers, 'server/engine', 'server/rules', 'server/tree', 'server/explain/markdown'],
  // Of Node only the reckoning with paths, which reads nothing.
  'server/tree': [...engineLayers, 'server/engine'],
  'server/judge': [...engineLayers, 'server/rules', 'server/verify'],
  'server/follow': [...engineLayers, 'server/judge'],
  'server/engine': ['server/judge', 'server/follow'],
  'server/policy': [...engineLayers, 'server/engine', 'server/rules', 'node:', 'jsonc-parser'],
  'server/workspace': [
    'server/policy',
    'server/engine',
    'server/source',
    'server/checkpoint',
    'server/util',
    'node:',
    '*',
  ],
  'server/worker': ['server/checkpoint', 'server/quant', 'server/util', 'node:', 'vscode-jsonrpc'],
  'server/lsp': [
    ...['server/engine', 'server/policy', 'server/workspace', 'server/worker', 'server/tree', 'server/explain'],
    ...['server/insight', 'server/rules/show', 'server/source', 'server/checkpoint', 'server/util'],
    ...['vscode-languageserver', 'vscode-languageserver-textdocument', 'vscode-uri', 'vscode-jsonrpc', 'node:'],
  ],
  'server/verifier': ['server/', 'node:', '*'],
  'server/world': ['server/', 'node:', '*'],
  'server/main': ['server/', 'node:', '*'],
  'server/cli': ['server/', 'node:', '*'],
  src: ['vscode', 'vscode-languageclient', 'node:'],
}

/** The longest layer that holds this path; undefined for scripts and tests, which may import anything. */
function layerOf(file: string): string | undefined {
  const holds = (layer: string) => file.startsWith(`${layer}/`) || file.replace(/\.ts$/, '') === layer
  return Object.keys(layers)
    .filter(holds)
    .sort((a, b) => b.length - a.length)[0]
}

/** What a file imports: a path from the root for its own files, else the package's name or the Node builtin. */
function importsOf(file: string): { specifier: string; target: string }[] {
  return ts.preProcessFile(read(file)).importedFiles.map(({ fileName: specifier }) => {
    if (specifier.startsWith('.')) return { specifier, target: path.posix.join(path.posix.dirname(file), specifier) }
    if (specifier.startsWith('node:')) return { specifier, target: specifier }
    const parts = specifier.split('/')
    return { specifier, target: specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '') }
  })
}

function mayImport(layer: string, target: string): boolean {
  const own = target === layer || target.startsWith(`${layer}/`)
  // Plain data that client and server share may be used anywhere.
  return own || target === protocol || (layers[layer] ?? []).some(allowed => matches(allowed, target))
}

/** `*` stands for any package but the two that belong to the editor's side. */
function matches(allowed: string, target: string): boolean {
  if (allowed === '*') return !/^(server|src|test|scripts|media)\/|^node:|^vscode(-languageclient)?$/.test(target)
  return target === allowed || target.startsWith(/[/:]$/.test(allowed) ? allowed : `${allowed}/`)
}

test('every file imports only what its layer may import', () => {
  const faults = tracked.filter(isProduct).flatMap(file => {
    const layer = layerOf(file)
    if (layer === undefined) return [`${file} belongs to no layer of test/tidy.test.ts`]
    return importsOf(file)
      .filter(({ target }) => !mayImport(layer, target))
      .map(
        ({ specifier }) =>
          `${file} imports ${specifier}: ${layer} may import ${layers[layer]?.join(', ') || 'nothing'}`,
      )
  })
  expect(faults).toEqual([])
})

test('the layer table catches what it is for', () => {
  expect(mayImport('server/rules', 'server/lsp/convert')).toBe(false)
  expect(mayImport('server/source', 'server/checkpoint/facts')).toBe(false)
  expect(mayImport('server/main', 'vscode')).toBe(false)
  expect(mayImport('src', 'server/engine')).toBe(false)
  expect(mayImport('server/interp', 'node:fs')).toBe(false)
  expect(mayImport('server/tree', 'node:fs')).toBe(false)
  expect(mayImport('server/interp', 'server/source/ir')).toBe(true)
  expect(mayImport('server/worker', 'node:child_process')).toBe(true)
})

test('no source file is longer than 400 lines', () => {
  const code = tracked.filter(file => /\.(ts|mjs|js|py)$/.test(file) && !file.startsWith('test/'))
  const long = code.filter(file => read(file).split('\n').length - 1 > 400)
  expect(long).toEqual([])
})

test('every rule has its case page and its documentation page', async () => {
  const index = 'server/rules/index.ts'
  const { rules } = (await import(path.join(root, index))) as { rules: readonly { id: string }[] }
  expect(rules.length).toBeGreaterThan(0)
  const pages = rules.flatMap(({ id }) => [`test/cases/rules/${id}.md`, `docs/rules/${id}.md`])
  expect(pages.filter(page => !tracked.includes(page))).toEqual([])
})

test('no tracked file names a folder of somebody’s machine', () => {
  // Put together from parts, so that this file is not its own finding.
  const folders = new RegExp(['/wo' + 'rk/(main|shared)', '/tmp/w' + 't/', '/ro' + 'ot/', '/mlx' + 'env'].join('|'))
  const text = tracked.filter(file => /\.(ts|mjs|js|json|md|py|yml|txt|toml)$|\.ci\/run$/.test(file))
  expect(text.filter(file => folders.test(read(file)))).toEqual([])
})

test('no test is switched off', () => {
  const tests = tracked.filter(file => /\.test\.ts$|test_.*\.py$/.test(file) && file !== 'test/tidy.test.ts')
  expect(tests.filter(file => /\b(test|it|describe)\.(skip|only|todo|fails)\(/.test(read(file)))).toEqual([])
})

function isProduct(file: string): boolean {
  return /^(server|src)\/.*\.ts$/.test(file)
}
