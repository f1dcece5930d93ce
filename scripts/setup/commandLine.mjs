// Builds the command line as two files: `cliMain.js`, all that a check of checkpoints runs, and `cliMore.js`, which it loads when
// something else is asked for. esbuild splits code for ES modules only, and those cannot be kept compiled; so its parts are
// made into functions that are given `require`, as Node gives it to modules, and put together again.
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @param {typeof import('esbuild')} esbuild
 * @param {import('esbuild').BuildOptions} options As for any bundle; `outdir` is where the files go.
 */
export async function buildCommandLine(esbuild, options) {
  const { outputFiles, metafile } = await esbuild.build({
    ...options,
    format: 'esm',
    splitting: true,
    sourcemap: false,
    metafile: true,
    write: false,
  })
  /** @type {Map<string, string>} */
  const parts = new Map()
  for (const file of outputFiles ?? []) {
    const { code } = await esbuild.transform(file.text, {
      format: 'cjs',
      platform: options.platform,
      target: options.target,
      minifyWhitespace: options.minifyWhitespace,
      minifySyntax: options.minifySyntax,
      supported: { 'dynamic-import': false },
    })
    parts.set(path.basename(file.path), code)
  }
  /** @type {Map<string, readonly string[]>} What each part begins with. */
  const needs = new Map()
  for (const [file, { imports }] of Object.entries(metafile?.outputs ?? {})) {
    const own = imports.filter(({ kind, external }) => kind === 'import-statement' && !external)
    needs.set(
      path.basename(file),
      own.map(each => path.basename(each.path)),
    )
  }
  const main = 'cliMain.js'
  const first = new Set([main])
  for (const part of first) for (const other of needs.get(part) ?? []) first.add(other)
  /** @param {(part: string) => boolean} isIn */
  const functions = isIn =>
    [...parts]
      .filter(([part]) => isIn(part))
      .map(([part, code]) => `${JSON.stringify(part)}(require,module){let exports=module.exports;${code}}`)
      .join(',\n')
  const { outdir = '' } = options
  const core = functions(part => first.has(part))
  const more = functions(part => !first.has(part))
  writeFileSync(path.join(outdir, main), mainText(core, main))
  writeFileSync(path.join(outdir, 'cliMore.js'), asScript(`module.exports = {\n${more}\n}`))
}

/** @param {string} functions @param {string} main */
const mainText = (functions, main) =>
  asScript(`const parts = {
${functions}
}
const loaded = new Map()
const load = name => {
  if (!name.startsWith('./') || name === './cliMore.js') return require(name)
  const part = name.slice(2)
  if (!loaded.has(part)) {
    if (!parts[part]) Object.assign(parts, require('./cliMore.js'))
    const own = { exports: {} }
    loaded.set(part, own)
    parts[part](load, own)
  }
  return loaded.get(part).exports
}
load('./${main}')`)

/**
 * Runs also where it is no module but a script, which can be kept compiled: server/cli.ts then gives what Node gives.
 * @param {string} code
 */
const asScript = code =>
  `((require, __filename, __dirname, module) => {
"use strict"
${code}
})(...(globalThis.tensorlintModule ?? [require, __filename, __dirname, module]))
`
