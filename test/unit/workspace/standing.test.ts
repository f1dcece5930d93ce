// What is said of a program while it is typed, its places moved with the text, is what a first look at the text would say.
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { groupModels } from '../../../server/checkpoint/models'
import { readShard } from '../../../server/checkpoint/shard'
import { analyse } from '../../../server/engine'
import { presentFinding } from '../../../server/lsp/cursor'
import { lowerProgram } from '../../../server/source/index'
import type { Program } from '../../../server/source/ir'
import { bytesSource } from '../../../server/util/byteSource'
import { Moved } from '../../../server/workspace/moved'
import { type Standing, standingAfter, standingAt } from '../../../server/workspace/standing'
import { buildCheckpoint } from '../../support/buildCheckpoint'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const path = '/ws/loader.py'
const text = `import mlx.core as mx

# The layers of the model.
weights = mx.load("m/model.safetensors")


def decoded(name, bits=4):
    w = weights[f"{name}.weight"].T
    return mx.dequantize(
        w,
        weights[f"{name}.scales"],
        weights[f"{name}.biases"],
        group_size=64,
        bits=bits,
    )


for i in range(2):
    full = decoded(f"layers.{i}.proj")
    print(full.shape, i)
    other = mx.dequantize(weights["layers.0.proj.weight"], weights["layers.0.proj.scales"], weights["layers.0.proj.biases"], bits=8)
`

async function models() {
  const table = ['layers.{0,1}.proj.weight U32 [128, 32]', 'layers.{0,1}.proj.{scales,biases} F16 [128, 4]']
  const shard = await readShard('/ws/m/model.safetensors', bytesSource(buildCheckpoint(table)))
  return groupModels({ shards: [shard], configs: [], indexes: [] })
}

const lowered = (now: string): Program => lowerProgram(path, now) as Program

const pieces = [
  '  # remark',
  '\n',
  '    # remark\n',
  ' ',
  '  ',
  '\n\n',
  'weights[f"layers.',
  '(',
  'x = 1',
  '4',
  ',',
  '"',
]

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  atLineEnd: fc.boolean(),
  remove: fc.constantFrom(0, 0, 0, 0, 1, 9),
  piece: fc.constantFrom(...pieces),
  undo: fc.boolean(),
})

test('after any edits', async () => {
  const all = await models()
  const findingsOf = (program: Program) => analyse({ folders: ['/ws'], models: all, programs: [program] }).findings
  const shown = (findings: ReturnType<typeof findingsOf>): unknown =>
    findings.map(({ rule, range, message, because, fixes }) => ({ rule, range, message, because, fixes }))
  const first = findingsOf(lowered(text))
  expect(first.length).toBeGreaterThan(1)
  expect(first.some(finding => finding.fixes.length > 0)).toBe(true)
  const seen = { stood: 0, anew: 0, waiting: 0 }
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), edits => {
      let now = text
      let standing: Standing = standingAt(lowered(text))
      for (const { at, atLineEnd, remove, piece, undo } of edits) {
        const offset = Math.floor(at * now.length)
        const end = now.indexOf('\n', offset)
        const place = atLineEnd && end >= 0 ? end : offset
        const typed = now.slice(0, place) + piece + now.slice(place + remove)
        for (const next of undo ? [typed, now] : [typed]) {
          standing = standingAfter(standing, lowered(next))
          expect(standing.text).toBe(next)
          const moved = new Map([[path, new Moved(standing)]])
          if (standing.isWaiting) seen.waiting++
          else if (standing.program.text === next) seen.anew++
          else {
            seen.stood++
            const present = findingsOf(standing.program).map(finding => presentFinding({ moved }, finding))
            const exact = findingsOf(lowered(next))
            // A fix may be held back where a remark stands in what it would replace.
            const held = present.map(({ fixes }, i) => (fixes.length < (exact[i]?.fixes.length ?? 0) ? [] : fixes))
            expect(shown(present.map((finding, i) => ({ ...finding, fixes: held[i] ?? [] })))).toEqual(
              shown(exact.map((finding, i) => ({ ...finding, fixes: held[i]?.length ? finding.fixes : [] }))),
            )
          }
        }
        if (!undo) now = typed
      }
    }),
    { numRuns: 60, seed: 11 },
  )
  expect(Math.min(seen.stood, seen.anew, seen.waiting)).toBeGreaterThan(10)
}, 120_000)

test('a line that is being typed leaves the program as it was, until it can be read', () => {
  const first = standingAt(lowered(text))
  const half = text.replace('print(full.shape, i)', 'print(full.shape, weights[f"layers.')
  const typing = standingAfter(first, lowered(half))
  expect([typing.isWaiting, typing.program]).toEqual([true, first.program])
  const more = standingAfter(typing, lowered(half.replace('layers.', 'layers.{i}')))
  expect([more.isWaiting, more.program]).toEqual([true, first.program])
  const whole = lowered(text.replace('print(full.shape, i)', 'print(full.shape, weights[f"layers.{i}.proj.scales"])'))
  expect(standingAfter(more, whole).program).toBe(whole)
  expect(standingAfter(more, lowered(text))).toMatchObject({ isWaiting: false, program: first.program })
})

test('many lines that cannot be read are not being typed', () => {
  const pasted = lowered(text.replace('    print', `${'    f(\n'.repeat(30)}    print`))
  expect(standingAfter(standingAt(lowered(text)), pasted).program).toBe(pasted)
})

test('what was broken from the start is analysed as it is', () => {
  const broken = standingAt(lowered(`${text}f(\n`))
  const next = lowered(`${text}f(1\n`)
  expect(standingAfter(broken, next).program).toBe(next)
})

test('a fix is held back where what it replaces has a remark in it by now', () => {
  const program = lowered(text)
  const start = { line: 9, character: 8 }
  const edit = { path, range: { start, end: { line: 10, character: 20 } }, newText: 'w' }
  const after = (now: string) => new Moved(standingAfter(standingAt(program), lowered(now)))
  expect(after(text.replace('        w,\n', '        w,  # why\n')).edit(edit)).toBeUndefined()
  const line = after(text.replace('# The layers', '# All\n# the layers')).edit(edit)
  expect(line?.range.start).toEqual({ line: 10, character: 8 })
})
