// What the command line prints arrives whole in whatever it is written to, and a reader that stops reading ends it quietly.

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeSafetensors } from '../../scripts/support/writeSafetensors'

const root = path.resolve(import.meta.dirname, '../..')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tensorlint-piped-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

// Enough shards that their list is longer than what a pipe holds at once.
for (let i = 0; i < 1500; i++) {
  const tensor = { name: `layers.${i}.a.long.name.weight`, dtype: 'U8' as const, shape: [1], data: new Uint8Array(1) }
  fs.writeFileSync(path.join(folder, `model-of-a-very-long-name-${i}.safetensors`), writeSafetensors([tensor]))
}
const args = [path.join(root, 'dist/cli.js'), 'check', folder, '--format', 'json']
const toFile = (): string => {
  const file = path.join(folder, 'out.json')
  const handle = fs.openSync(file, 'w')
  spawnSync(process.execPath, args, { stdio: ['ignore', handle, 'inherit'] })
  fs.closeSync(handle)
  return fs.readFileSync(file, 'utf8')
}

test('a file, and a pipe that is read slowly, get all of it', async () => {
  const expected = toFile()
  expect(expected.length).toBeGreaterThan(100_000)
  expect(JSON.parse(expected)).toMatchObject({ version: 1 })
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const piece of child.stdout.setEncoding('utf8')) {
    text += piece
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  expect(text).toBe(expected)
})

test('a reader that goes away is no error', async () => {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', piece => (said += piece))
  child.stdout.destroy()
  const status = await new Promise(resolve => child.on('close', resolve))
  expect({ status, said }).toEqual({ status: 0, said: '' })
})
