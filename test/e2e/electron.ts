// `npm run test:electron`: the scene of the sample in a desktop VS Code, which @vscode/test-electron downloads.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { runTests } from '@vscode/test-electron'
import { pythonEnvironment } from '../../scripts/setup/python.mjs'
import { writeSample } from '../../scripts/sample/writeSample'

async function main(): Promise<void> {
  const venv = await pythonEnvironment()
  if (!venv.ok) throw new Error(`${venv.reason}; ${venv.remedy}`)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tensorlint-electron-'))
  const workspace = path.join(directory, 'llama-split')
  const userData = path.join(directory, 'user')
  fs.mkdirSync(workspace)
  fs.mkdirSync(path.join(userData, 'User'), { recursive: true })
  const settings = { 'tensorlint.python': venv.python, 'telemetry.telemetryLevel': 'off' }
  fs.writeFileSync(path.join(userData, 'User/settings.json'), JSON.stringify(settings))
  writeSample(workspace)
  const root = path.resolve(__dirname, '../..')
  const resultFile = path.join(directory, 'results.json')
  try {
    await runTests({
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(root, 'dist/test/suite.js'),
      launchArgs: [workspace, '--disable-extensions', '--disable-workspace-trust', '--user-data-dir', userData],
      extensionTestsEnv: { TENSORLINT_E2E_SCENE: 'sample', TENSORLINT_E2E_RESULT: resultFile },
    })
  } finally {
    if (fs.existsSync(resultFile)) console.log(JSON.parse(fs.readFileSync(resultFile, 'utf8')))
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
