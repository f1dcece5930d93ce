// Counts vitest's tests for scripts/test.mjs, with the reason of each skip, which vitest's own JSON leaves out.
import fs from 'node:fs'

export default class CountingReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.TENSORLINT_RESULTS
    if (file === undefined) return
    let passed = 0
    let failed = unhandledErrors.length
    const skipped = []
    for (const module of modules) {
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') passed++
        else if (result.state === 'failed') failed++
        else
          skipped.push({
            name: test.fullName,
            reason: (result.state === 'skipped' && result.note) || 'no reason given',
          })
      }
    }
    fs.writeFileSync(file, JSON.stringify({ passed, failed, skipped }))
  }
}
