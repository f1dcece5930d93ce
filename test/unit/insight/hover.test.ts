// Hovers, as Markdown: over a key the tensors that it can mean, over an operation what arrives.
import { beforeAll, describe, expect, test } from 'vitest'
import { hoverAt } from '../../../server/insight/hover'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { worldOf } from '../explain/world'

beforeAll(() => loadGrammars(readGrammar))

const table = [
  'model.layers.{0..27}.proj.weight U32 [128, 32]',
  'model.layers.{0..27}.proj.{scales,biases} F16 [128, 4]',
  'model.layers.{0..27}.norm.weight F16 [256]',
]
const config = '{"quantization": {"group_size": 64, "bits": 4}}'

type Files = Parameters<typeof worldOf>[0]

/** The hover at the first place of a text in the first program. */
async function hover(files: Files, text: string): Promise<string | undefined> {
  const { snapshot, analysis } = await worldOf(files)
  const program = snapshot.programs[0]
  return program && hoverAt(analysis, program, program.text.indexOf(text) + 1)?.markdown
}

const loader = (call: string) => `import mlx.core as mx
weights = mx.load("m/model.safetensors")
for i in range(28):
    w = weights[f"model.layers.{i}.proj.weight"]
    s = weights[f"model.layers.{i}.proj.scales"]
    b = weights[f"model.layers.{i}.proj.biases"]
    full = ${call}
`

describe('over a key', () => {
  test('there are its tensors, layers folded, with what they mean', async () => {
    const files = {
      'm/model.safetensors': table,
      'm/config.json': config,
      'a.py': loader('mx.dequantize(w, s, b)'),
    }
    expect(await hover(files, 'model.layers.{i}.proj.weight')).toBe(
      [
        '**28 tensors** of `m`',
        '',
        '| tensor | stored | means | in |',
        '| --- | --- | --- | --- |',
        '| `model.layers.0-27.proj.weight` (28) | U32 [128, 32] | 4-bit [128, 256] g64 | `model.safetensors` |',
      ].join('\n'),
    )
    expect(await hover(files, 'import')).toBeUndefined()
  })

  test('a checkpoint for each candidate, and what the program has changed before', async () => {
    const program = `import mlx.core as mx
def load(path):
    weights = mx.load(path)
    turned = {k: v.T for k, v in weights.items()}
    return turned["proj.weight"]
`
    const files = {
      'one/model.safetensors': ['proj.weight F16 [128, 32]'],
      'two/model.safetensors': ['proj.weight F16 [64, 32]'],
      'a.py': program,
    }
    expect(await hover(files, '"proj.weight"')).toBe(
      [
        '**1 tensor** of `one`',
        '',
        '| tensor | stored | here | in |',
        '| --- | --- | --- | --- |',
        '| `proj.weight` | F16 [128, 32] | [32, 128] | `model.safetensors` |',
        '',
        '---',
        '',
        '**1 tensor** of `two`',
        '',
        '| tensor | stored | here | in |',
        '| --- | --- | --- | --- |',
        '| `proj.weight` | F16 [64, 32] | [32, 64] | `model.safetensors` |',
      ].join('\n'),
    )
  })

  test('names of a stranger stay inside their cells', async () => {
    const program = 'import mlx.core as mx\nw = mx.load("model.safetensors")["a|`b`[x](command:y)"]\n'
    const markdown = await hover({ 'model.safetensors': ['a|`b`[x](command:y) F16 [2]'], 'a.py': program }, '"a|')
    expect(markdown).toContain('| `` a\\|`b`[x](command:y) `` | F16 [2] |')
  })
})

describe('over an operation', () => {
  test('there is what arrives, what is passed and why it reads so', async () => {
    const files = {
      'm/model.safetensors': table,
      'm/config.json': config,
      'a.py': loader('mx.dequantize(w, s, b, group_size=64)'),
    }
    expect(await hover(files, 'dequantize')).toBe(
      [
        '**28 quantized weights** of `m`',
        '',
        '| module | weight | scales, biases | reads as |',
        '| --- | --- | --- | --- |',
        '| `model.layers.0-27.proj` (28) | U32 [128, 32] | F16 [128, 4] | 4-bit [128, 256] g64 |',
        '',
        'Passed: bits 4 (the default of MLX), group size 64 (written in the program).',
        '',
        '32 words × 32 bits / 4 groups = 256 = bits × group size.',
      ].join('\n'),
    )
  })

  test('a triple that arrives transposed says so', async () => {
    const files = {
      'm/model.safetensors': table,
      'a.py': loader('mx.dequantize(w.T, s.T, b.T, group_size=64, bits=4)'),
    }
    const markdown = await hover(files, 'dequantize')
    expect(markdown).toContain('| U32 [128, 32] → [32, 128] | F16 [128, 4] → [4, 128] | **arrives transposed; turned')
  })
})
