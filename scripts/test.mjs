// `npm test`: everything, set-up included, on a fresh clone too. The levels run one after the other, each in processes
// of its own, all of them even after a failure; the last line counts. A part that cannot be had on this machine is a
// skip with its reason, except with CI=true on Linux x64, where it is a failure. `npm test -- NAME...` runs only the
// levels whose names begin so.
import { ensureNodeModules } from './setup/nodeModules.mjs'
import { secondsSince } from './setup/shell.mjs'
import { levels } from './test/levels.mjs'

/** Nothing may be skipped where every part can be had. */
const strict = process.env.CI === 'true' && process.platform === 'linux' && process.arch === 'x64'

async function main() {
  await ensureNodeModules()
  const wanted = process.argv.slice(2)
  const chosen = levels.filter(level => wanted.length === 0 || wanted.some(name => level.name.startsWith(name)))
  const total = { passed: 0, failed: 0 }
  /** @type {string[]} */
  const lines = []
  /** @type {string[]} */
  const skips = []
  for (const level of chosen) {
    const start = Date.now()
    console.log(`\n=== ${level.name}`)
    const { passed, failed, skipped, missing } = await level.run()
    const absent = missing ?? []
    total.passed += passed
    total.failed += failed + (strict ? absent.length : 0)
    if (strict) for (const part of absent) console.log(`A missing part is a failure here: ${part.name}: ${part.reason}`)
    skips.push(...[...skipped, ...(strict ? [] : absent)].map(test => `  ${level.name}: ${test.name}: ${test.reason}`))
    lines.push(`  ${level.name}: ${passed} passed, ${failed} failed, ${secondsSince(start)}`)
  }
  console.log(`\n=== all levels\n${lines.join('\n')}`)
  if (skips.length > 0) console.log(`Skipped:\n${skips.join('\n')}`)
  const skipsFail = strict && skips.length > 0
  if (skipsFail) console.log('Nothing may be skipped with CI=true on Linux x64.')
  process.exitCode = total.failed > 0 || total.passed === 0 || skipsFail ? 1 : 0
  console.log(`${total.passed} passed, ${total.failed} failed, ${skips.length} skipped`)
}

main().catch(error => {
  console.error(error)
  console.log('0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
})
