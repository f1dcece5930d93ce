// The end-to-end suite in a real VS Code, served to a real browser: the scenes that run inside the extension host, then
// a walk through the user interface that also takes the pictures. scripts/test.mjs names the parts in the environment
// and reads the counts. Pictures and logs stay in artefacts/e2e.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import type { CodeServer } from '../../scripts/setup/codeServer.mjs'
import { pageAddress } from '../../scripts/setup/vscodeServer.mjs'
import { startBrowser, Workbench } from './browser'
import { withSession } from './session'
import type { TestResult } from './suite'
import { walk } from './walk'

const root = path.resolve(__dirname, '../..')
const artefacts = path.join(root, 'artefacts/e2e')
const size = { width: 1600, height: 900 }

function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set; use npm run test:e2e`)
  return value
}

/** Words on the command line choose among the scenes; without any, all are played. */
const isWanted = (scene: string) => process.argv.length <= 2 || process.argv.includes(scene)

async function main(): Promise<void> {
  fs.rmSync(artefacts, { recursive: true, force: true })
  fs.mkdirSync(artefacts, { recursive: true })
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tensorlint-e2e-'))
  const browser = await startBrowser(fromEnvironment('TENSORLINT_CHROMIUM'))
  const results: TestResult[] = []
  const report = (scene: string, result: TestResult) => {
    results.push(result)
    console.log(`${result.error === undefined ? 'ok  ' : 'FAIL'} ${scene}: ${result.name} (${result.ms} ms)`)
    if (result.error !== undefined) console.log(result.error.replace(/^/gm, '       '))
  }
  try {
    for (const scene of ['sample', 'reading', 'untrusted'].filter(isWanted)) {
      for (const result of await playScene(scene, browser, directory)) report(scene, result)
    }
    if (isWanted('walk')) await walkThrough(browser, directory, result => report('walk', result))
  } finally {
    await browser.close()
    for (const log of fs.readdirSync(directory).filter(file => file.endsWith('.log'))) {
      fs.copyFileSync(path.join(directory, log), path.join(artefacts, log))
    }
    fs.rmSync(directory, { recursive: true, force: true })
  }
  const failed = results.filter(({ error }) => error !== undefined).length
  const file = process.env.TENSORLINT_RESULTS
  if (file) fs.writeFileSync(file, JSON.stringify({ passed: results.length - failed, failed, skipped: [] }))
  process.exitCode = failed > 0 ? 1 : 0
}

/** Runs a scene of suite.ts in the extension host and reads its results. */
async function playScene(scene: string, browser: Browser, directory: string): Promise<TestResult[]> {
  const resultFile = path.join(directory, `${scene}.json`)
  const env = { TENSORLINT_E2E_SCENE: scene, TENSORLINT_E2E_RESULT: resultFile }
  return withSession({ ...options(scene, directory), trust: scene === 'untrusted', env }, async session => {
    const context = await browser.newContext({ viewport: size })
    const page = await context.newPage()
    const tests = path.join(root, 'dist/test/suite.js')
    const start = Date.now()
    await page.goto(pageAddress(session.server.port, session.workspace, { extension: root, tests }))
    while (!fs.existsSync(resultFile) && Date.now() - start < 240_000) await new Promise(r => setTimeout(r, 200))
    if (!fs.existsSync(resultFile)) {
      await page.screenshot({ path: path.join(artefacts, `${scene}-hangs.png`) })
      await context.close()
      return [{ name: 'the scene ends', ms: Date.now() - start, error: 'No results after 240 s' }]
    }
    await context.close()
    return JSON.parse(fs.readFileSync(resultFile, 'utf8')) as TestResult[]
  })
}

async function walkThrough(browser: Browser, directory: string, report: (result: TestResult) => void): Promise<void> {
  await withSession({ ...options('walk', directory), trust: false }, async session => {
    const context = await browser.newContext({ viewport: size })
    const workbench = new Workbench(await context.newPage())
    await workbench.open(pageAddress(session.server.port, session.workspace, { extension: root }))
    await walk({ workbench, artefacts, report })
    await context.close()
  })
}

function options(name: string, directory: string) {
  const codeServer = JSON.parse(fromEnvironment('TENSORLINT_CODE_SERVER')) as CodeServer
  return { name, directory, codeServer, python: fromEnvironment('TENSORLINT_TEST_PYTHON') }
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
