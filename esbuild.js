// The one list of what is built, and from what.
// `node esbuild.js` builds once; `--watch` keeps building and prints the lines that the problem matcher of the
// watch task waits for; `--tests` adds the end-to-end suite, which is never shipped.
const esbuild = require('esbuild')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const watch = process.argv.includes('--watch')
const withTests = process.argv.includes('--tests')

/** Every bundle: where it begins, where it goes, and what stays outside. */
const bundles = [
  { entry: 'src/extension.ts', out: 'dist/extension.js', external: ['vscode'] },
  { entry: 'server/main.ts', out: 'dist/server.js' },
  { entry: 'server/cli.ts', out: 'dist/cli.js', banner: '#!/usr/bin/env node' },
  { entry: 'server/cli/main.ts', out: 'dist/cliMain.js', isCli: true },
  { entry: 'test/e2e/suite.ts', out: 'dist/test/suite.js', external: ['vscode'], testOnly: true },
]

/** Files that are read at run time: grammars from their pinned packages, the worker, and the rules' pages. */
const copies = [
  ['node_modules/web-tree-sitter/web-tree-sitter.wasm', 'dist/web-tree-sitter.wasm'],
  ['node_modules/tree-sitter-python/tree-sitter-python.wasm', 'dist/tree-sitter-python.wasm'],
  ['node_modules/tree-sitter-typescript/tree-sitter-typescript.wasm', 'dist/tree-sitter-typescript.wasm'],
  ['node_modules/tree-sitter-typescript/tree-sitter-tsx.wasm', 'dist/tree-sitter-tsx.wasm'],
  ['server/python', 'dist/python'],
  ['docs/rules', 'dist/rules'],
]

const announce = {
  name: 'announce',
  setup(build) {
    build.onStart(() => console.log('[watch] build started'))
    build.onEnd(() => console.log('[watch] build finished'))
  },
}

/** Parts of Node that few commands use and that take as long to load as a third of our own code. */
const seldom = {
  'node:child_process': ['spawn'],
  'node:crypto': ['createHash'],
  'node:fs/promises': [
    ...['chmod', 'mkdir', 'open', 'readdir', 'readFile', 'realpath', 'rename', 'rm', 'stat', 'writeFile'],
  ],
}
const loadSeldomLate = {
  name: 'load-seldom-late',
  setup(build) {
    build.onResolve({ filter: /^node:(child_process|crypto|fs\/promises)$/ }, ({ path, namespace }) =>
      namespace === 'late' ? undefined : { path, namespace: 'late' },
    )
    build.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: seldom[path]
        .map(name => `exports.${name} = (...given) => require('${path}').${name}(...given)`)
        .join('\n'),
    }))
  },
}

/** What V8 compiles while the command line checks small checkpoints, and a program: read at every start (server/cli.ts). */
async function keepCompiled() {
  for (const file of fs.readdirSync('dist')) if (/^cliM.*\.cache$/.test(file)) fs.rmSync(`dist/${file}`)
  if (watch) return
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tensorlint-build-'))
  try {
    const { writeSmallCheckpoints, writeSmallProgram } = await import('./scripts/setup/warmUp.mjs')
    writeSmallCheckpoints(folder)
    checkKeeping('cliMain', folder)
    writeSmallProgram(folder)
    checkKeeping('cliMore', folder)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

function checkKeeping(name, folder) {
  const env = { ...process.env, TENSORLINT_KEEP_COMPILED: name }
  const { status, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'check', folder], { env, encoding: 'utf8' })
  if (status !== 0 && status !== 1) throw new Error(`the check for ${name} ended with ${status}: ${stderr}`)
}

async function main() {
  fs.mkdirSync('dist', { recursive: true })
  for (const [from, to] of copies) {
    const filter = source => !/__pycache__|\.pyc$|[\\/]tests?([\\/]|$)|README\.md$/.test(path.relative('.', source))
    fs.cpSync(from, to, { recursive: true, filter })
  }
  for (const bundle of bundles) {
    if (bundle.testOnly && !withTests) continue
    const options = {
      entryPoints: [bundle.entry],
      outfile: bundle.out,
      external: bundle.external ?? [],
      banner: bundle.banner ? { js: bundle.banner } : {},
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      // Less text to compile at every start; names stay, since stacks are read by people.
      minifyWhitespace: !watch,
      minifySyntax: !watch,
      sourcemap: true,
      sourcesContent: false,
      // jsonc-parser's `main` is a UMD file that esbuild cannot follow; web-tree-sitter's ESM build breaks in CommonJS.
      mainFields: ['module', 'main'],
      alias: { 'web-tree-sitter': path.resolve('node_modules/web-tree-sitter/web-tree-sitter.cjs') },
      logLevel: 'warning',
      plugins: [...(watch ? [announce] : []), ...(bundle.isCli ? [loadSeldomLate] : [])],
    }
    if (bundle.isCli && !watch) {
      const { buildCommandLine } = await import('./scripts/setup/commandLine.mjs')
      const parts = { entryPoints: { cliMain: bundle.entry }, outfile: undefined, outdir: 'dist' }
      await buildCommandLine(esbuild, { ...options, ...parts })
    } else if (watch) await (await esbuild.context(options)).watch()
    else await esbuild.build(options)
  }
  await keepCompiled()
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
