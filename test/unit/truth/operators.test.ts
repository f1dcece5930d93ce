// The operators of `npm run bench:truth`: each makes the fault that it says, and each has a site somewhere in the corpus.

import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { mutantOf } from '../../../scripts/bench/truth/mutant'
import { operators } from '../../../scripts/bench/truth/operators/index'
import { mutantsOf, sitesPerOperator } from '../../../scripts/bench/truth/sample'
import { sourcesOf, statementAt } from '../../../scripts/bench/truth/source'
import { readCorpus, readSpecimen, type Specimen } from '../../../scripts/bench/truth/specimen'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const page = (lines: string, block = 'py load.py'): Specimen =>
  readSpecimen(
    'test/cases/truth/python/tiny.md',
    `# tiny

\`\`\`checkpoint model.safetensors
layers.{0..1}.up.weight U32 [96, 16]
layers.{0..1}.up.{scales,biases} F16 [96, 2]
layers.{0..1}.down.weight U32 [128, 12]
layers.{0..1}.norm.weight F16 [128]
\`\`\`

\`\`\`json config.json
{ "hidden_size": 128, "num_hidden_layers": 2, "quantization": { "group_size": 64, "bits": 4 } }
\`\`\`

\`\`\`${block}
${lines}
\`\`\`
`,
  )

/** What each site of an operator makes of the line that it changes. */
function made(id: string, specimen: Specimen): string[] {
  const operator = operators.find(one => one.id === id)
  if (!operator) throw new Error(`there is no operator ${id}`)
  return operator.sites(specimen).map((site, index) => mutantOf(specimen, operator, site, String(index)).after)
}

/** Operator, a line of Python, what becomes of it. */
const python: readonly (readonly [string, string, readonly string[]])[] = [
  ['drop-transpose', 'y = f(w.T)', ['y = f(w)']],
  ['drop-transpose', 'y = mx.swapaxes(w, 0, 1)', ['y = w']],
  [
    'add-transpose',
    'y = mx.dequantize(w, s, None)',
    ['y = mx.dequantize(w.T, s, None)', 'y = mx.dequantize(w, s.T, None)'],
  ],
  ['add-transpose-lookup', 'y = w["a.weight"]', ['y = w["a.weight"].T']],
  ['transpose-triple', 'y = mx.dequantize(w, s, b)', ['y = mx.dequantize(w.T, s.T, b.T)']],
  ['drop-product-transpose', 'y = x @ w.T', ['y = x @ w']],
  ['add-product-transpose', 'y = mx.matmul(x, w)', ['y = mx.matmul(x, w.T)']],
  ['swap-factors', 'y = x @ w', ['y = w @ x']],
  [
    'flip-transpose-flag',
    'y = mx.quantized_matmul(x, w, s, b, transpose=True)',
    ['y = mx.quantized_matmul(x, w, s, b, transpose=False)'],
  ],
  ['wrong-transpose-axes', 'y = w.transpose(0, 2, 1)', ['y = w.transpose(0, 1, 2)']],
  ['swap-scales-biases', 'y = mx.dequantize(w, s, biases=b)', ['y = mx.dequantize(w, b, biases=s)']],
  ['swap-scales-biases', 'y = mx.dequantize(w, scales=s, biases=b)', ['y = mx.dequantize(w, scales=b, biases=s)']],
  ['swap-weight-scales', 'y = mx.quantized_matmul(x, w, s, b)', ['y = mx.quantized_matmul(x, s, w, b)']],
  ['drop-biases', 'y = mx.dequantize(w, s, b, group_size=64)', ['y = mx.dequantize(w, s, group_size=64)']],
  ['wrong-group-size', 'GROUP_SIZE = 64', ['GROUP_SIZE = 32', 'GROUP_SIZE = 128']],
  ['wrong-bits', 'y = q.get("bits", 4)', ['y = q.get("bits", 8)', 'y = q.get("bits", 2)']],
  ['wrong-mode', 'y = f(mode="mxfp4")', ['y = f(mode="affine")', 'y = f(mode="nvfp4")']],
  ['drop-group-size', 'y = f(w, group_size=g, bits=b)', ['y = f(w, bits=b)']],
  ['drop-bits', 'y = f(w, group_size=g, bits=b)', ['y = f(w, group_size=g)']],
  ['swap-group-size-bits', 'y = mx.dequantize(w, s, b, 64, 4)', ['y = mx.dequantize(w, s, b, 4, 64)']],
  ['scales-suffix', 'y = w[f"{p}.scales"]', ['y = w[f"{p}.scale"]']],
  ['weight-suffix', 'y = w[f"{p}.weight"]', ['y = w[f"{p}.weights"]']],
  ['biases-suffix', 'for s in ("scales", "biases"): pass', ['for s in ("scales", "bias"): pass']],
  ['other-member', 'y = w[p + ".scales"]', ['y = w[p + ".biases"]']],
  ['misspelled-name', 'y = w["layers.0.up.weight"]', ['y = w["layrs.0.up.weight"]']],
  ['other-name', 'y = w[f"layers.{i}.up.weight"]', ['y = w[f"layers.{i}.down.weight"]']],
  ['drop-prefix', 'y = w[f"layers.{i}.up.weight"]', ['y = w[f"{i}.up.weight"]']],
  ['add-prefix', 'y = w[f"layers.{i}.up.weight"]', ['y = w[f"base.layers.{i}.up.weight"]']],
  ['next-layer', 'y = w[f"layers.{i}.up.weight"]', ['y = w[f"layers.{i + 1}.up.weight"]']],
  ['wrong-file', 'y = mx.load("model.safetensors")', ['y = mx.load("model_old.safetensors")']],
  ['other-config-key', 'y = q["bits"]', ['y = q["group_size"]']],
  ['misspelled-config-key', 'y = q["group_size"]', ['y = q["groupsize"]']],
  ['wrong-map-entry', 'M = {"a": "up_proj"}', ['M = {"a": "up_pro"}']],
  ['drop-entry', 'M = ["up", "down"]', ['M = ["up"]']],
  ['wrong-slice-bound', 'y = w[4:rows, :]', ['y = w[5:rows, :]', 'y = w[4:rows + 1, :]']],
  ['wrong-text-slice', 'y = key[len("a."):-7]', ['y = key[len("a.") + 1:-7]', 'y = key[len("a."):-6]']],
  ['drop-slice', 'y = w[4:8]', ['y = w']],
  ['next-part', 'y = key.split(".")[1]', ['y = key.split(".")[2]']],
  ['wrong-axis', 'y = mx.concatenate([a, b], axis=0)', ['y = mx.concatenate([a, b], axis=1)']],
  ['wrong-axis', 'y = mx.split(a, 2)', ['y = mx.split(a, 2, axis=1)']],
  ['wrong-reshape', 'y = w.reshape(2, 64)', ['y = w.reshape(2, 128)']],
  ['wrong-part-count', 'y = mx.split(a, 2, axis=1)', ['y = mx.split(a, 3, axis=1)']],
  ['wrong-pack-factor', 'y = w.shape[1] * 32 // bits', ['y = w.shape[1] * 16 // bits']],
  ['wrong-dtype', 'y = w.view(mx.uint32)', ['y = w.view(mx.int32)']],
  ['one-more-turn', 'for i in range(n): pass', ['for i in range(n + 1): pass']],
  ['one-turn-less', 'for i in range(n): pass', ['for i in range(1, n): pass']],
  ['drop-sanitizer', 'w = sanitize(w)', ['w = w']],
  ['drop-text-step', 'k = k.removeprefix("model.")', ['k = k']],
  ['flip-strict', 'm.load_weights(w, strict=False)', ['m.load_weights(w, strict=True)']],
  ['drop-quantize', 'nn.quantize(m, 64, 4)', ['pass']],
  ['wrong-size', 'hidden_size = 128', ['hidden_size = 64']],
]

describe('operators over Python', () => {
  test.each(python)('%s: %s', (id, line, expected) => {
    expect(made(id, page(line))).toEqual(expected)
  })
})

/** The same faults where JavaScript writes them otherwise. */
const javascript: readonly (readonly [string, string, readonly string[]])[] = [
  ['drop-transpose', 'const y = f(w.T)', ['const y = f(w)']],
  ['drop-biases', 'const y = mx.dequantize(w, s, b, 64, 4)', ['const y = mx.dequantize(w, s, null, 64, 4)']],
  [
    'wrong-bits',
    'const y = mx.dequantize(w, s, b, 64, 4)',
    ['const y = mx.dequantize(w, s, b, 64, 8)', 'const y = mx.dequantize(w, s, b, 64, 2)'],
  ],
  ['add-transpose-lookup', 'const y = w[`${p}.weight`]!', ['const y = w[`${p}.weight`]!.T']],
  ['next-layer', 'const y = w[`layers.${i}.up.weight`]', ['const y = w[`layers.${i + 1}.up.weight`]']],
  ['one-more-turn', 'for (let i = 0; i < n; i++) f(i)', ['for (let i = 0; i < n + 1; i++) f(i)']],
  ['one-turn-less', 'for (let i = 0; i < n; i++) f(i)', ['for (let i = 1; i < n; i++) f(i)']],
  ['drop-entry', "const names = ['up', 'down']", ["const names = ['up']"]],
  ['wrong-text-slice', 'const y = key.slice(0, -7)', ['const y = key.slice(1, -7)', 'const y = key.slice(0, -6)']],
]

describe('operators over TypeScript', () => {
  test.each(javascript)('%s: %s', (id, line, expected) => {
    expect(made(id, page(line, 'ts load.ts'))).toEqual(expected)
  })
})

test('operators over a config change one value or take it out', () => {
  const specimen = page('pass')
  expect(made('config-group-size', specimen).map(line => /"group_size": (\d+)/.exec(line)?.[1])).toEqual(['32', '128'])
  expect(made('config-no-bits', specimen)[0]).toContain('{ "group_size": 64 }')
  expect(made('config-no-quantization', specimen)[0]).not.toContain('quantization')
  expect(made('config-more-layers', specimen)[0]).toContain('"num_hidden_layers": 3')
})

test('operators over a checkpoint change its table', () => {
  const specimen = page('pass')
  expect(made('transposed-tensor', specimen)[0]).toBe(
    'layers.0.up.weight U32 [96, 16] became layers.0.up.weight U32 [16, 96]',
  )
  expect(made('missing-layer', specimen)).toEqual(['number 1 is gone'])
  expect(made('coarser-groups', specimen)).toEqual(['layers.0.up has other groups', 'layers.1.up has other groups'])
  expect(made('missing-shard', specimen)).toEqual(['the file is gone'])
})

test('every operator has a site in the corpus, and no two have the same name', () => {
  const corpus = readCorpus(path.resolve(import.meta.dirname, '../../..'))
  expect(
    operators.filter(operator => !corpus.some(specimen => operator.sites(specimen).length > 0)).map(({ id }) => id),
  ).toEqual([])
  expect(new Set(operators.map(({ id }) => id)).size).toBe(operators.length)
})

test('the choice of sites is the same each time, without doubles, and bounded', () => {
  const specimen = page('y = x @ w.T\nz = mx.dequantize(w["layers.0.up.weight"], s, b, 64, 4)')
  const [first, second] = [mutantsOf(specimen, operators), mutantsOf(specimen, operators)]
  expect(first.map(({ id }) => id)).toEqual(second.map(({ id }) => id))
  const contents = first.map(({ files }) => JSON.stringify([...files]))
  expect(new Set(contents).size).toBe(contents.length)
  for (const { id } of operators)
    expect(first.filter(({ operator }) => operator.id === id).length).toBeLessThanOrEqual(sitesPerOperator)
})

test('a statement is the innermost one; of a definition only what stands before its body', () => {
  const specimen = page(
    'def f(a, bits=4):\n    for i in range(3):\n        y = a[\n            i\n        ]\n    return y',
  )
  const [source] = sourcesOf(specimen)
  const statement = (text: string): string => {
    const found = source && statementAt(source, source.text.indexOf(text))
    return found && source ? source.text.slice(found.start, found.end).trim() : ''
  }
  expect(statement('bits')).toBe('def f(a, bits=4):')
  expect(statement('range')).toMatch(/^for i[^]*\]$/)
  expect(statement('i\n        ]')).toMatch(/^y = a\[/)
})
