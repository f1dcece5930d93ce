// The real MLX raises every message that can be raised on a CPU, and each is recognised.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recognise } from '../../../server/explain/messages/index'
import { runPython, testPython } from '../../support/python'

describe.skipIf(!testPython())('messages of the MLX that is installed', () => {
  it('are recognised word for word', () => {
    const program = readFileSync(join(__dirname, 'raiseMessages.py'), 'utf8')
    const raised = JSON.parse(runPython(program, '')) as [string, string | null][]
    expect(raised.length).toBeGreaterThan(55)
    expect(raised.filter(([, text]) => text === null)).toEqual([])
    expect(raised.map(([, text]) => recognise(text ?? '').map(f => f.message.id))).toEqual(raised.map(([id]) => [id]))
  }, 60_000)
})
