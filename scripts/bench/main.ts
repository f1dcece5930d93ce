// `npm run bench`: makes the checkpoints once, measures every section in one run, prints a table, and ends with 1 where a
// mark is missed. `npm run bench -- NAME...` runs only the sections whose names begin so. Bundled before it runs, as the
// shipped programs are, since a bundle is what is measured. The marks are those of the project's issues on speed.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { benchCheck } from './check'
import { type DeepSeekVariant, writeDeepSeek } from './deepseek'
import { benchDequantize } from './dequantize'
import { benchEditing } from './editing'
import { benchEngine } from './engine'
import { deepSeekLoader } from './loader'
import { benchGrowth } from './growth'
import { benchKnown } from './known'
import { benchLargeIndex } from './largeIndex'
import { benchOpen } from './open'
import { keepsMark, type Row } from './row'

const cache = resolve('.cache/bench')
const variants = ['fp8', 'mlx4'] as const

interface Section {
  readonly name: string
  run(python: string): Promise<readonly Row[]> | readonly Row[]
}

const sections: readonly Section[] = [
  { name: 'open', run: python => benchOpen(workspace('fp8').model, python) },
  { name: 'index', run: () => benchLargeIndex() },
  { name: 'engine', run: () => benchEngine(workspace('fp8').model) },
  { name: 'check', run: python => benchCheck(workspace('fp8').model, resolve('dist/cli.js'), python) },
  {
    name: 'edit',
    run: async () => {
      const rows: Row[] = []
      for (const variant of variants) {
        const { folder, loader } = workspace(variant)
        rows.push(...(await benchEditing({ folder, loader, server: resolve('dist/server.js'), variant })))
      }
      return rows
    },
  },
  { name: 'growth', run: () => benchGrowth() },
  { name: 'known', run: python => benchKnown(python) },
  { name: 'dequantize', run: python => benchDequantize(python) },
]

/** The checkpoint in `model`, written when it is first asked for, and its loader beside it. */
function workspace(variant: DeepSeekVariant): { folder: string; model: string; loader: string } {
  const folder = join(cache, variant)
  const [model, loader, done] = [join(folder, 'model'), join(folder, 'loader.py'), join(folder, 'model/config.json')]
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const { tensors, shards } = writeDeepSeek(model, variant)
    console.log(`Wrote ${tensors} tensors in ${shards} shards, headers only: ${model}`)
  }
  writeFileSync(loader, deepSeekLoader(variant))
  return { folder, model, loader }
}

async function main([python, ...wanted]: readonly string[]): Promise<void> {
  if (!python) throw new Error('run this by `npm run bench`')
  const chosen = sections.filter(({ name }) => wanted.length === 0 || wanted.some(text => name.startsWith(text)))
  if (chosen.length === 0) throw new Error(`no such section; there are ${sections.map(s => s.name).join(', ')}`)
  let missed = 0
  for (const section of chosen) {
    console.log(`\n${section.name}`)
    for (const row of await section.run(python)) {
      const isKept = keepsMark(row)
      if (!isKept) missed++
      const value = `${row.value.toFixed(row.value < 10 ? 2 : 0)} ${row.unit}`
      console.log(
        `  ${isKept ? 'ok    ' : 'FAILED'} ${value.padStart(20)}  (${row.direction} ${row.limit})  ${row.name}`,
      )
    }
  }
  console.log(missed === 0 ? '\nAll marks are kept.' : `\n${missed} ${missed === 1 ? 'mark is' : 'marks are'} missed.`)
  process.exitCode = missed === 0 ? 0 : 1
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
