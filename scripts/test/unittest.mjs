// Runs the tests of the Python worker with the standard library's unittest and reads its verbose output.
import { run } from '../setup/shell.mjs'

/** @param {string} python @returns {Promise<import('./counting.mjs').Counts>} */
export async function runUnittest(python) {
  const args = ['-m', 'unittest', 'discover', '--verbose', '--start-directory', 'test/python']
  const { code, output } = await run(python, args)
  process.stdout.write(output)
  return readUnittest(output, code)
}

/**
 * @param {string} output What `unittest --verbose` printed.
 * @param {number | null} code
 */
export function readUnittest(output, code) {
  const ran = /^Ran (\d+) tests? in/m.exec(output)
  if (ran === null) return { passed: 0, failed: 1, skipped: [] }
  const count = (/** @type {string} */ word) =>
    Number(new RegExp(`^FAILED \\(.*\\b${word}=(\\d+)`, 'm').exec(output)?.[1] ?? 0)
  const failed = count('failures') + count('errors') + count('unexpected successes')
  const skipped = [...output.matchAll(/^(\S+) .*\.\.\. skipped '(.*)'$/gm)]
  return {
    passed: Math.max(0, Number(ran[1]) - failed - skipped.length),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: skipped.map(match => ({ name: match[1] ?? '', reason: match[2] ?? '' })),
  }
}
