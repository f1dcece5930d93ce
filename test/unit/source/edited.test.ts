// A program that is read after an edit is the one that is read of the text by itself, whatever was there before.

import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { deepSeekLoader } from '../../../scripts/bench/loader'
import { readShard } from '../../../server/checkpoint/shard'
import { groupModels } from '../../../server/checkpoint/models'
import { analyse } from '../../../server/engine'
import { lowerProgram } from '../../../server/source/index'
import type { Program } from '../../../server/source/ir'
import { bytesSource } from '../../../server/util/byteSource'
import { buildCheckpoint } from '../../support/buildCheckpoint'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const worker = readFileSync(join(import.meta.dirname, '../../../server/python/worker.py'), 'utf8')
const texts = [
  deepSeekLoader('mlx4'),
  // What a text begins with, and what a statement goes on with.
  `#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\n${worker}\nif a:\n    b()\nelif c:\n    d()\nelse:\n    e()\n\n\n@property\n@other(\n    1\n)\nclass A:\n    x = """\nnot code\n"""\n\n\nf(\n1\n)\n${worker.replace(/^def /gm, '@decorated\ndef ')}`,
]

const pieces = [
  '  # remark',
  ' weights[f"model.',
  '\n',
  '\n\n',
  '    step = 1\n',
  'x = 1\n',
  '"""',
  '(',
  ')',
  ':',
  'def f(x):\n',
]
pieces.push(
  'else:\n',
  '@decorated\n',
  '  ',
  'return',
  '.',
  ' = ',
  '\t',
  "'",
  '#',
  '\\',
  'é',
  '🎉',
  'class B(A):\n    y = 2\n',
  '',
)

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.constantFrom(0, 0, 0, 1, 5, 40, 300),
  atLineEnd: fc.boolean(),
  piece: fc.constantFrom(...pieces),
  undo: fc.boolean(),
})

const shown = (program: Program | undefined): unknown =>
  JSON.parse(JSON.stringify([program?.body, program?.comments, program?.syntaxErrors, program?.isTorn ?? false]))

test.each(texts.map((text, i) => [i, text] as const))(
  'a sequence of edits of text %i',
  (_, text) => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), edits => {
        let now = text
        let program = lowerProgram('/ws/a.py', now)
        for (const { at, remove, atLineEnd, piece, undo } of edits) {
          const offset = Math.floor(at * now.length)
          const place = atLineEnd ? (now.indexOf('\n', offset) + now.length + 1) % (now.length + 1) : offset
          const typed = now.slice(0, place) + piece + now.slice(place + remove)
          program = lowerProgram('/ws/a.py', typed, program)
          expect(shown(program)).toEqual(shown(lowerProgram('/ws/a.py', typed)))
          if (undo) program = lowerProgram('/ws/a.py', now, program)
          else now = typed
        }
      }),
      { numRuns: 30, seed: 5 },
    )
  },
  120_000,
)

const layers = 9
const table = [
  `model.layers.{0..${layers - 1}}.self_attn.{q_a_proj,q_b_proj,kv_a_proj_with_mqa,kv_b_proj,o_proj}.weight U32 [64, 8]`,
  `model.layers.{0..${layers - 1}}.self_attn.{q_a_proj,q_b_proj,kv_a_proj_with_mqa,kv_b_proj,o_proj}.{scales,biases} F16 [64, 1]`,
  `model.layers.{0..${layers - 1}}.mlp.{gate_proj,up_proj,down_proj}.weight U32 [64, 8]`,
  `model.layers.{0..${layers - 1}}.mlp.{gate_proj,up_proj,down_proj}.{scales,biases} F16 [1, 64]`,
  `model.layers.{0..${layers - 1}}.{input_layernorm,post_attention_layernorm}.weight F16 [64]`,
  'model.norm.weight F16 [64]',
]

test('the findings after an edit are those of a first look', async () => {
  const bytes = buildCheckpoint(table)
  const models = async () =>
    groupModels({
      shards: [await readShard('/ws/model/model.safetensors', bytesSource(bytes))],
      configs: [],
      indexes: [],
    })
  const kept = await models()
  const findingsOn = (all: typeof kept, program: Program | undefined): unknown =>
    analyse({ folders: ['/ws'], models: all, programs: program ? [program] : [] }).findings.map(
      ({ rule, path, range, message, tensors, because }) => [
        rule,
        path,
        range,
        message,
        [...tensors].sort(),
        because.map(b => [b.path, b.range, b.message]),
      ],
    )
  let program: Program | undefined
  const lines = deepSeekLoader('mlx4').split('\n')
  let found = 0
  for (let i = 0; i < 8; i++) {
    const at = (i * 337) % lines.length
    const line = `${lines[at]}${[' weights[f"model.', '  # remark', '.', `\n${/^ */.exec(lines[at] ?? '')?.[0]}step = 1`][i % 4]}`
    const text = lines.with(at, line).join('\n')
    program = lowerProgram('/ws/loader.py', text, program)
    const after = findingsOn(kept, program) as unknown[]
    expect(after).toEqual(findingsOn(await models(), lowerProgram('/ws/loader.py', text)))
    found += after.length
  }
  expect(found).toBeGreaterThan(4)
}, 120_000)
