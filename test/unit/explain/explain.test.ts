// The written analysis, on the workspaces that people have when they write one.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Variant, writeSample } from '../../../scripts/sample/writeSample'
import { explain, explainError, explanationOf } from '../../../server/explain/index'
import { code, pathShower, prose } from '../../../server/explain/markdown'
import { moduleList } from '../../../server/explain/show'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { tempFolder } from '../../support/tempFolder'
import { answersOf, home, section, worldOf } from './world'

beforeAll(() => loadGrammars(readGrammar))

const titles = {
  transposed: 'The tensors are transposed',
  parameters: 'Bits or group size are wrong',
  foreign: 'The tensors are in another format than MLX’s',
  sliced: 'Weight and scales were sliced differently',
  damaged: 'A file is damaged',
  module: 'Tensors are mapped to the wrong module',
} as const

const samples = new Map<Variant, ReturnType<typeof worldOf>>()

/** Quantizing takes seconds, so each variant is made once. */
function sample(variant: Variant): ReturnType<typeof worldOf> {
  let made = samples.get(variant)
  if (!made) samples.set(variant, (made = makeSample(variant)))
  return made
}

async function makeSample(variant: Variant) {
  const folder = tempFolder()
  writeSample(folder, { variant })
  const files: Record<string, Uint8Array | string> = {}
  const walk = (below: string) => {
    for (const name of readdirSync(join(folder, below))) {
      const path = below === '' ? name : `${below}/${name}`
      if (statSync(join(folder, path)).isDirectory()) walk(path)
      else if (/\.(py|ts|json)$/.test(name)) files[path] = readFileSync(join(folder, path), 'utf8')
      else if (name.endsWith('.safetensors')) files[path] = new Uint8Array(readFileSync(join(folder, path)))
    }
  }
  walk('')
  return worldOf(files)
}

/** One 4-bit weight of group size 64 as a table. */
const triple = (module: string, rows: number, columns: number, bits = 4, groupSize = 64) => [
  `${module}.weight U32 [${rows}, ${(columns * bits) / 32}]`,
  `${module}.scales F16 [${rows}, ${columns / groupSize}]`,
  `${module}.biases F16 [${rows}, ${columns / groupSize}]`,
]
const config = (block: object, more: object = {}) => JSON.stringify({ ...more, quantization: block }, null, 2)

describe('the sample', { timeout: 60_000 }, () => {
  test('broken: both faults confirmed, the rest refuted, and the second error foretold', async () => {
    const { snapshot, analysis } = await sample('broken')
    const text = explain(snapshot, analysis, {})
    expect(answersOf(text)).toEqual({
      [titles.transposed]: 'confirmed',
      [titles.parameters]: 'confirmed',
      [titles.foreign]: 'refuted',
      [titles.sliced]: 'refuted',
      [titles.damaged]: 'refuted',
      [titles.module]: 'refuted',
    })
    expect(text).toContain('2 separate faults are confirmed')
    expect(text).toContain('`config.json:18` says `"group_size": 32`')
    expect(text).toContain('not transposed: `model.embed_tokens`')
    expect(section(text, 'Fix')).toContain('+    "group_size": 64,')
    expect(section(text, 'Fix')).toContain('mx.contiguous(weights[w_key].T)')
    expect(section(text, 'Behind the first error')).toContain(
      'Provided matrix of shape (576,72) and scales/biases of shape (576,9) with group_size=32 and bits=4.',
    )
    // Nothing of the machine, and nothing that was not seen: the sample's product is turned.
    expect(text).not.toContain('/home/')
    expect(text).not.toContain('without `.T`')
    expect(explain(snapshot, analysis, {})).toBe(text)
  })

  const faults: readonly (readonly [Variant, readonly (keyof typeof titles)[]])[] = [
    ['correct', []],
    ['wrong-bits', ['parameters']],
    ['weight-only', ['transposed']],
    ['scales-sliced', ['sliced']],
  ]
  test.each(faults)('%s: confirmed is %j', async (variant, confirmed) => {
    const { snapshot, analysis } = await sample(variant)
    const answers = answersOf(explain(snapshot, analysis, {}))
    const found = Object.entries(titles).flatMap(([id, title]) => (answers[title] === 'confirmed' ? [id] : []))
    expect(found).toEqual(confirmed)
  })

  test('of one finding: it comes first, the others wait behind it', async () => {
    const { snapshot, analysis } = await sample('broken')
    const finding = { rule: 'transposed-triple', path: `${home}/loader.py`, line: 57 }
    const { markdown } = explanationOf(snapshot, analysis, { finding })
    expect(markdown).toMatch(/^# transposed-triple at `loader\.py:58`\n/)
    expect(section(markdown, 'Findings')).toMatch(/^\n- \*\*this one\*\*/)
    expect(section(markdown, 'Expected and stored')).toMatch(
      /tensor \| stored[^\n]*\n[^\n]*\n\| `model\.layers\.0-3\.mlp\.gate_proj`/,
    )
    expect(section(markdown, 'Behind the first error')).toContain(
      '`contradictory-quantization-config` at `config.json:18`',
    )
  })

  test('its traceback leads to the projection, the config and the call', async () => {
    const { snapshot, analysis } = await sample('broken')
    const { markdown, places } = explainError(
      snapshot,
      analysis,
      [
        'Traceback (most recent call last):',
        '  File "/elsewhere/ws/loader.py", line 85, in main',
        '    x = stage(x)',
        '  File "/elsewhere/ws/transformer.py", line 89, in __call__',
        '    queries = self.q_proj(x).reshape(batch, length, self.n_heads, self.head_dim)',
        '  File "/elsewhere/ws/transformer.py", line 27, in __call__',
        '    return x @ mx.dequantize(',
        'ValueError: [dequantize] Shape of scales and biases does not match the matrix',
      ].join('\n'),
    )
    expect(section(markdown, 'What it speaks of')).toContain(
      '`model.layers.0-3.self_attn.q_proj` (4 modules alike): as `loader.py:47` hands it over, MLX raises exactly this',
    )
    expect(section(markdown, 'What it speaks of')).toContain(
      'less well: `model.layers.0-3.self_attn.{k_proj, v_proj, o_proj}`',
    )
    expect(places[0]).toMatchObject({ tensor: 'model.layers.0.self_attn.q_proj.weight' })
    expect(places.map(p => `${p.path.slice(home.length + 1)}:${p.range.start.line + 1}`)).toEqual(
      expect.arrayContaining(['config.json:18', 'loader.py:47', 'transformer.py:27']),
    )
  })
})

describe('errors with numbers', { timeout: 60_000 }, () => {
  test('gathered rows of an embedding (I-07): 8-bit under a 4-bit default', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': [
        ...triple('model.embed_tokens', 2048, 2816, 8),
        ...triple('model.layers.0.self_attn.q_proj', 64, 2816),
      ],
      'config.json': config({ group_size: 64, bits: 4 }, { hidden_size: 2816 }),
    })
    const { markdown, places } = explainError(
      snapshot,
      analysis,
      'ValueError: [dequantize] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape (14,704) and scales/biases of shape (14,44) with group_size=64 and bits=4.',
    )
    const about = section(markdown, 'What it speaks of')
    expect(about).toContain('One weight fits best')
    expect(about).toContain('`model.embed_tokens`')
    expect(about).toContain('14 rows taken out of it')
    expect(section(markdown, 'The error')).toContain('704 words × 32 / 4 bits = 5632 inputs, but 44 groups × 64 = 2816')
    expect(places[0]?.tensor).toBe('model.embed_tokens.weight')
    expect(places.some(p => p.path.endsWith('config.json'))).toBe(true)
  })

  test('batch × tokens of a transposed embedding (I-09)', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': [
        'model.embed_tokens.weight U32 [64, 1024]',
        'model.embed_tokens.scales F16 [8, 1024]',
        'model.embed_tokens.biases F16 [8, 1024]',
      ],
    })
    const { markdown } = explainError(
      snapshot,
      analysis,
      '[dequantize] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape (1,10,1024) and scales/biases of shape (1,10,1024) with group_size=64 and bits=4.',
    )
    expect(section(markdown, 'What it speaks of')).toContain('1 × 10 = 10 rows taken out of it')
  })

  test('several that fit are all named', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': [
        ...triple('a.q_proj', 64, 256),
        ...triple('a.k_proj', 64, 256),
        ...triple('a.down_proj', 32, 512),
      ],
    })
    const text =
      '[quantized_matmul] The shapes of the weight and scales are incompatible based on bits and group_size. w.shape() == (64,32) and scales.shape() == (64,4) with group_size=32 and bits=4'
    const about = section(explainError(snapshot, analysis, text).markdown, 'What it speaks of')
    expect(about).toContain('2 weights fit equally well')
    expect(about).toContain('`a.q_proj`')
    expect(about).toContain('`a.k_proj`')
    expect(about).not.toContain('down_proj')
  })

  test('a slice of rows', async () => {
    const { snapshot, analysis } = await worldOf({ 'model.safetensors': triple('a.q_proj', 256, 256) })
    const text =
      '[dequantize] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape (64,32) and scales/biases of shape (64,4) with group_size=32 and bits=4.'
    expect(explainError(snapshot, analysis, text).markdown).toContain('1/4 of its rows')
  })

  test('shape of a parameter: ratio of bits, prefix and all (I-01)', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': triple('model.language_model.layers.0.linear_attn.in_proj_qkv', 1024, 512, 6, 128),
      'config.json': config({ group_size: 128, bits: 4 }),
    })
    const { markdown, places } = explainError(
      snapshot,
      analysis,
      'ValueError: Expected shape (1024, 64) but received shape (1024, 96) for parameter layers.0.linear_attn.in_proj_qkv.weight',
    )
    expect(section(markdown, 'The error')).toContain('64 : 96 = bits of the config : bits of the file')
    expect(section(markdown, 'What it speaks of')).toContain('a prefix differs')
    expect(places[0]?.tensor).toBe('model.language_model.layers.0.linear_attn.in_proj_qkv.weight')
    expect(answersOf(markdown)[titles.parameters]).toBe('confirmed')
  })

  test('a JavaScript stack', async () => {
    const { snapshot, analysis } = await sample('broken')
    const { markdown } = explainError(
      snapshot,
      analysis,
      'Error: [dequantize] Shape of scales and biases does not match the matrix\n    at LinearLayer.forward (file:///x/ws/loader.ts:53:20)\n    at async /x/ws/loader.ts:110:5',
    )
    expect(section(markdown, 'Traceback')).toContain('`loader.ts:53`')
    expect(section(markdown, 'What it speaks of')).toContain('the `dequantize` at `loader.ts:53` is in the traceback')
  })

  test('nothing known, and nothing open', async () => {
    const { snapshot, analysis } = await worldOf({})
    const none = explainError(snapshot, analysis, 'KeyError: oops')
    expect(none.markdown).toContain('No message of MLX was recognised')
    expect(none.places).toEqual([])
    const numbers = explainError(snapshot, analysis, '[dequantize] Invalid value for bits: 0')
    expect(numbers.markdown).toContain('Nothing in the checkpoints of this workspace fits the message')
  })
})

describe('other faults', () => {
  test('a foreign format is confirmed by its members', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': [
        'q.qweight I32 [16, 64]',
        'q.qzeros I32 [1, 8]',
        'q.scales F16 [1, 64]',
        'q.g_idx I32 [128]',
      ],
      'config.json': JSON.stringify({ quantization_config: { quant_method: 'gptq', bits: 4 } }),
    })
    const text = explain(snapshot, analysis, {})
    expect(answersOf(text)[titles.foreign]).toBe('confirmed')
    expect(text).toContain('GPTQ')
    expect(text).toContain('not MLX’s: ')
  })

  test('a shard that is cut short is damage, and nothing else', async () => {
    const { snapshot, analysis } = await worldOf({ 'model.safetensors': [...triple('a.q_proj', 64, 256), '@cut 100'] })
    const answers = answersOf(explain(snapshot, analysis, {}))
    expect(answers[titles.damaged]).toBe('confirmed')
    expect(answers[titles.transposed]).toBe('refuted')
  })

  test('scales of another module are a wrong mapping', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': [...triple('a.q_proj', 64, 256), ...triple('a.k_proj', 64, 256)],
      'load.py': [
        'import mlx.core as mx',
        'w = mx.load("model.safetensors")',
        'y = mx.dequantize(w["a.q_proj.weight"], w["a.k_proj.scales"], w["a.k_proj.biases"], group_size=64, bits=4)',
        '',
      ].join('\n'),
    })
    expect(answersOf(explain(snapshot, analysis, {}))[titles.module]).toBe('confirmed')
  })

  test('shapes that fit two pairs are left open where nothing decides', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': triple('a.thing', 64, 256),
      'config.json': config({ group_size: 64, bits: 4 }),
    })
    expect(answersOf(explain(snapshot, analysis, {}))[titles.parameters]).toBe('undecided')
  })

  const product = (line: string) => ({
    'model.safetensors': [...triple('a.q_proj', 256, 256), ...triple('a.k_proj', 64, 256)],
    'config.json': JSON.stringify({ hidden_size: 256 }),
    'load.py': [
      'import mlx.core as mx',
      'weights = mx.load("model.safetensors")',
      'def run(x):',
      '    for name in ["q_proj", "k_proj"]:',
      '        m = f"a.{name}"',
      '        w = mx.dequantize(weights[f"{m}.weight"], weights[f"{m}.scales"], weights[f"{m}.biases"], group_size=64, bits=4)',
      `        ${line}`,
      '    return x',
      'run(mx.zeros((1, 256)))',
      '',
    ].join('\n'),
  })

  test('a product that is not turned waits behind: square ones go wrong silently', async () => {
    const { snapshot, analysis } = await worldOf(product('x = x @ w'))
    const waiting = section(explain(snapshot, analysis, {}), 'Behind the first error')
    expect(waiting).toContain('`load.py:7` multiplies by what `mx.dequantize` returns')
    expect(waiting).toContain('an error about shapes for `a.k_proj`')
    expect(waiting).toContain('silently wrong numbers for the square `a.q_proj`')
  })

  test.each(['x = x @ w.T', 'x = mx.matmul(x, w.T)', 'x = mx.matmul(x, mx.transpose(w))', 'x = w @ x', 'x = x + w'])(
    'a product that is right is not: %s',
    async line => {
      const { snapshot, analysis } = await worldOf(product(line))
      expect(explain(snapshot, analysis, {})).not.toContain('multiplies by what')
    },
  )
})

describe('the text', () => {
  test('cannot be broken out of by names', async () => {
    const { snapshot, analysis } = await worldOf({
      'model.safetensors': [
        'a`|x](y).weight U32 [64, 32]',
        'a`|x](y).scales F16 [64, 4]',
        'a`|x](y).biases F16 [64, 4]',
      ],
    })
    const rows = section(explain(snapshot, analysis, {}), 'Expected and stored').match(/^\|.*\|$/gm) ?? []
    expect(rows.length).toBeGreaterThan(2)
    expect(new Set(rows.map(row => row.replace(/\\\|/g, '').split('|').length)).size).toBe(1)
    expect(code('a`b')).toBe('`` a`b ``')
    expect(code('a\nb')).toBe('`a b`')
    expect(prose('group_size *b* [x](y) __proto__')).toBe('group_size \\*b\\* [x\\](y) \\_\\_proto\\_\\_')
  })

  test('names paths from the workspace', () => {
    expect(pathShower(['/a/ws'])('/a/ws/b/c.py')).toBe('b/c.py')
    expect(pathShower(['/a/ws'])('/a/ws2/b/c.py')).toBe('b/c.py')
    expect(pathShower(['/a/one', '/b/two'])('/b/two/c.py')).toBe('two/c.py')
    expect(pathShower(['C:\\ws'])('C:\\ws\\b\\c.py')).toBe('b/c.py')
  })

  test('folds layers and siblings', () => {
    const modules = [0, 1, 2].flatMap(i => ['q_proj', 'k_proj'].map(name => ({ module: `m.${i}.${name}` })))
    expect(moduleList([...modules, { module: 'lm_head' }])).toBe('`m.0-2.{q_proj, k_proj}`, `lm_head`')
  })
})
