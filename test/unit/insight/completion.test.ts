// Completion of names inside keys. The bar is the cursor; what comes is drawn as label and inserted text.
import { beforeAll, describe, expect, test } from 'vitest'
import { completeName, type NameCompletion } from '../../../server/insight/completion'
import { stringAt } from '../../../server/insight/stringAt'
import { textOfRange } from '../../support/textOfRange'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { worldOf } from '../explain/world'

beforeAll(() => loadGrammars(readGrammar))

const table = [
  'model.embed.weight F16 [512, 256]',
  'model.layers.{0..27}.proj.weight U32 [128, 32]',
  'model.layers.{0..27}.proj.{scales,biases} F16 [128, 4]',
  'model.layers.{0..27}.norm.weight F16 [256]',
]
const config = '{"quantization": {"group_size": 64, "bits": 4}}'

async function complete(
  source: string,
  tables: Readonly<Record<string, readonly string[]>> = { 'model.safetensors': table },
  file = 'a.py',
): Promise<{ names: readonly NameCompletion[] | undefined; text: string }> {
  const offset = source.indexOf('█')
  const text = source.replace('█', '')
  const { snapshot, analysis } = await worldOf({ ...tables, 'config.json': config, [file]: text })
  const program = snapshot.programs[0]
  return { text, names: program && completeName(snapshot, analysis, program, { document: program, offset }) }
}

const drawn = ({ names, text }: Awaited<ReturnType<typeof complete>>) =>
  names?.map(
    n =>
      `${n.label}: ${textOfRange(text, n.range)} → ${n.insert.map(p => (typeof p === 'string' ? p : `<${p.number}>`)).join('')}`,
  )

const python = (line: string) => `import mlx.core as mx
weights = mx.load("model.safetensors")
for layer in range(28):
    ${line}
`

describe('in a key', () => {
  test('there are the real names, layers folded', async () => {
    const found = await complete(python('w = weights["█"]'))
    expect(drawn(found)).toEqual([
      'model.embed.weight:  → model.embed.weight',
      'model.layers.0-27.proj.weight:  → model.layers.<0>.proj.weight',
      'model.layers.0-27.proj.scales:  → model.layers.<0>.proj.scales',
      'model.layers.0-27.proj.biases:  → model.layers.<0>.proj.biases',
      'model.layers.0-27.norm.weight:  → model.layers.<0>.norm.weight',
    ])
    expect(found.names?.[1]?.detail).toBe('U32 [128, 32] = 4-bit [128, 256] g64 · 28 tensors')
    expect(found.names?.[0]?.detail).toBe('F16 [512, 256]')
  })

  test('the part that is typed is replaced, to the closing quote', async () => {
    expect(drawn(await complete(python('w = weights["model.layers.3.pr█oj.old"]')))).toEqual([
      'proj.weight: proj.old → proj.weight',
      'proj.scales: proj.old → proj.scales',
      'proj.biases: proj.old → proj.biases',
    ])
    expect(drawn(await complete(python('w = weights["model.layers.1█"]')))?.[3]).toBe(
      '1.norm.weight: 1 → 1.norm.weight',
    )
  })

  test('a text that takes holes gets the variable of its loop', async () => {
    expect(drawn(await complete(python('w = weights.get(f"model.la█")')))?.[3]).toBe(
      'layers.0-27.norm.weight: la → layers.<{layer}>.norm.weight',
    )
    expect(drawn(await complete(python('w = weights[f"model.layers.{layer}.n█"]')))).toEqual([
      'norm.weight: n → norm.weight',
    ])
  })

  test('a prefix that is not written there may be any', async () => {
    const parts = ['.weight', '.scales', '.biases']
    const wanted = parts.map(part => `${part.slice(1)}: → ${part.slice(1)}`.replace(':', ': '))
    expect(drawn(await complete(python('w = weights[p + ".proj.█"]')))).toEqual(wanted)
    expect(drawn(await complete(python('w = weights[f"{p}.proj.█"]')))).toEqual(wanted)
  })

  test('a line that does not parse yet is completed all the same', async () => {
    expect(drawn(await complete(python('w = weights["model.e█')))).toEqual(['embed.weight: e → embed.weight'])
  })

  test('a program in TypeScript has them in its template literals', async () => {
    const source = `import { core as mx } from '@frost-beta/mlx'
const weights = mx.load('model.safetensors')
for (let n = 0; n < 28; n++) {
  const w = weights[\`model.la█\`]
}
`
    const found = drawn(await complete(source, undefined, 'a.ts'))
    expect(found?.[3]).toBe('layers.0-27.norm.weight: la → layers.<${n}>.norm.weight')
  })
})

describe('elsewhere', () => {
  test('a string is a name once it begins like one', async () => {
    expect(drawn(await complete(python('name = "model.e█"')))).toEqual(['embed.weight: e → embed.weight'])
    for (const line of ['print("█")', 'print("mod█")', 'x = "other.th█"', 'w = weights[f"{lay█er}.x"]', '# "model.█"'])
      expect((await complete(python(line))).names).toBeUndefined()
  })
})

describe('a checkpoint with very many names', () => {
  test('is offered folder by folder', async () => {
    const many = Array.from({ length: 400 }, (_, i) => `block.${i % 4}.part_${i}.weight F16 [2]`)
    const tables = { 'model.safetensors': [...many, 'head.weight F16 [2]'] }
    const first = await complete(python('w = weights["█"]'), tables)
    expect(drawn(first)).toEqual(['block.0-3.:  → block.<0>.', 'head.weight:  → head.weight'])
    expect(first.names?.map(n => [n.detail, n.isFolder])).toEqual([
      ['400 tensors', true],
      ['F16 [2]', false],
    ])
    const second = await complete(python('w = weights["block.2.part_39█"]'), tables)
    expect(second.names?.map(n => n.label)).toContain('part_399.weight')
    expect(second.names).toHaveLength(11)
  })
})

describe('the string at an offset', () => {
  const at = (line: string, language: 'python' | 'typescript' = 'python') =>
    stringAt(line.replace('█', ''), line.indexOf('█'), language)

  test('knows prefixes, escapes, holes and what stands around', () => {
    expect(at('x = a[rf"p.{i + {1: 2}[1]}.█w"]')).toEqual({
      parts: ['p.', { hole: 'i + {1: 2}[1]' }, '.'],
      kind: 'format',
      before: 'x = a[',
      tail: 'w',
    })
    expect(at("f('a\\'b█c', 1)")).toEqual({ parts: ["a'b"], kind: 'plain', before: 'f(', tail: 'c' })
    expect(at('f"{{x}}.█"')?.parts).toEqual(['{x}.'])
    expect(at('"""doc""" + "█"')?.before).toBe('"""doc""" +')
    expect(at('`a${b}.█`', 'typescript')).toMatchObject({ kind: 'template', parts: ['a', { hole: 'b' }, '.'] })
    for (const line of ['█"a"', '"a"█', '"""█"""', 'f"{█}"', '# "█"', "it's█"]) {
      if (line === "it's█") expect(at(line)).toBeDefined()
      else expect(at(line)).toBeUndefined()
    }
    expect(at('// "█"', 'typescript')).toBeUndefined()
  })
})
