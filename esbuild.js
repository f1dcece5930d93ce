// The one list of what is built, and from what.
// `node esbuild.js` builds once; `--watch` keeps building and prints the lines that the problem matcher of the
// watch task waits for; `--tests` adds the end-to-end suite, which is never shipped.
const esbuild = require('esbuild')
const fs = require('node:fs')
const path = require('node:path')

const watch = process.argv.includes('--watch')
const withTests = process.argv.includes('--tests')

/** Every bundle: where it begins, where it goes, and what stays outside. */
const bundles = [
  { entry: 'src/extension.ts', out: 'dist/extension.js', external: ['vscode'] },
  { entry: 'server/main.ts', out: 'dist/server.js' },
  { entry: 'server/cli.ts', out: 'dist/cli.js', banner: '#!/usr/bin/env node' },
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
      plugins: watch ? [announce] : [],
    }
    if (watch) await (await esbuild.context(options)).watch()
    else await esbuild.build(options)
  }
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
