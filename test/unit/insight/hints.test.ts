// Inlay hints, drawn into the text in braces where they would stand.
import { beforeAll, expect, test } from 'vitest'
import { hintsIn } from '../../../server/insight/hints'
import { loadGrammars } from '../../../server/source/grammars'
import { applyEdits } from '../../../server/util/applyEdits'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { worldOf } from '../explain/world'

beforeAll(() => loadGrammars(readGrammar))

const table = [
  'model.layers.{0..3}.proj.weight U32 [128, 32]',
  'model.layers.{0..3}.proj.{scales,biases} F16 [128, 4]',
  'model.layers.0.side.weight F16 [64, 8]',
  'model.layers.1.side.weight F16 [64, 9]',
  'model.layers.2.side.weight F16 [64, 10]',
]
const config = '{"quantization": {"group_size": 64, "bits": 4}}'

/** The program with its hints. */
async function drawn(source: string, lines?: readonly [number, number], said = config): Promise<string> {
  const { snapshot, analysis } = await worldOf({ 'model.safetensors': table, 'config.json': said, 'a.py': source })
  const program = snapshot.programs[0]
  const [first, last] = lines ?? [0, 1_000]
  const range = { start: { line: first, character: 0 }, end: { line: last, character: 0 } }
  const hints = program ? hintsIn(analysis, program, range) : []
  return applyEdits(
    source,
    hints.map(({ position, label }) => ({ range: { start: position, end: position }, newText: `{${label}}` })),
  )
}

const load = 'import mlx.core as mx\nweights = mx.load("model.safetensors")\n'

test('stand behind loads and operations', async () => {
  const source = `${load}for i in range(4):
    w = weights[f"model.layers.{i}.proj.weight"]
    s, b = weights[f"model.layers.{i}.proj.scales"], weights.get(f"model.layers.{i}.proj.biases")
    full = mx.dequantize(w, s, b)
`
  expect(await drawn(source)).toBe(`${load}for i in range(4):
    w = weights[f"model.layers.{i}.proj.weight"]{u32 [128, 32] = 4-bit [128, 256] g64}
    s, b = weights[f"model.layers.{i}.proj.scales"]{f16 [128, 4]}, weights.get(f"model.layers.{i}.proj.biases"){f16 [128, 4]}
    full = mx.dequantize(w, s, b){= 4-bit [128, 256] g64}
`)
  expect(await drawn(source, [5, 5])).toBe(source.replace('(w, s, b)', '(w, s, b){= 4-bit [128, 256] g64}'))
  expect(await drawn(source, undefined, '{}')).toContain('.weight"]{u32 [128, 32] = 4-bit [128, 256] g64 or …}')
})

test('tell of several shapes, and leave a misfit to its finding', async () => {
  const source = `${load}for i in range(4):
    if i < 3:
        side = weights[f"model.layers.{i}.side.weight"]
    if i < 2:
        again = weights[f"model.layers.{i}.side.weight"]
    w = weights[f"model.layers.{i}.proj.weight"]
    full = mx.dequantize(w.T, weights[f"model.layers.{i}.proj.scales"], weights[f"model.layers.{i}.proj.biases"])
`
  const text = await drawn(source)
  expect(text).toContain('side = weights[f"model.layers.{i}.side.weight"]{f16 [64, 8] or f16 [64, 9] or f16 [64, 10]}')
  expect(text).toContain('again = weights[f"model.layers.{i}.side.weight"]{f16 [64, 8] or f16 [64, 9]}')
  expect(text).not.toContain('){=')
})

test('say in few words that a weight is stored transposed, and how many tensors a walk meets', async () => {
  const turned = {
    'model.safetensors': ['a.weight U32 [32, 128]', 'a.{scales,biases} F16 [4, 128]', 'b.{w,x,y}.weight F16 [2]'],
    'config.json': config,
    'a.py': `${load}w = weights["a.weight"]\nfor k, v in weights.items():\n    print(k)\n`,
  }
  const { snapshot, analysis } = await worldOf(turned)
  const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } }
  const labels = snapshot.programs.flatMap(p => hintsIn(analysis, p, range)).map(h => h.label)
  expect(labels).toEqual(['u32 [32, 128] = transposed 4-bit g64', 'u32 [32, 128] = transposed 4-bit g64, …'])
})
