// What an editor is told of a loader: lookups with their tensors, arrivals with their triples, and counts.
import { beforeAll, describe, expect, test } from 'vitest'
import { arrivalsIn, calleeRange } from '../../../server/insight/arrivals'
import { countLoads, showCounts } from '../../../server/insight/counts'
import { lookupsIn, smallestAt } from '../../../server/insight/lookups'
import { meaningOf } from '../../../server/insight/meaning'
import { textAt } from '../../../server/rules/show'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { home, worldOf } from '../explain/world'

beforeAll(() => loadGrammars(readGrammar))

const table = [
  'model.layers.{0..3}.proj.weight U32 [128, 32]',
  'model.layers.{0..3}.proj.{scales,biases} F16 [128, 4]',
  'model.layers.{0..3}.norm.weight F16 [256]',
]

const loader = `import mlx.core as mx

class Loader:
    def __init__(self, path):
        self.weights = mx.load(path)

    def tensor(self, name):
        return self.weights[name]

    def proj(self, i):
        p = f"model.layers.{i}.proj"
        w = self.tensor(f"model.layers.{i}.proj.weight")
        return mx.dequantize(w, self.weights[p + ".scales"], self.weights[p + ".biases"], group_size=64, bits=4)

weights = mx.load("model.safetensors")
norm = weights["model.layers.0.norm.weight"]
other = weights[input()]
for i in range(2):
    print(weights.get(f"model.layers.{i}.norm.weight"))
`

const world = () => worldOf({ 'model.safetensors': table, 'loader.py': loader })

describe('lookups', () => {
  test('know every tensor that an expression or a text can mean', async () => {
    const { analysis } = await world()
    const found = lookupsIn(analysis.facts, `${home}/loader.py`).map(l => [
      l.kind,
      textAt(l.place),
      l.found().map(v => v.stored.tensor.name.replace('model.layers.', '')),
    ])
    expect(found).toEqual([
      ['load', 'self.weights[name]', ['0.proj.weight', '1.proj.weight', '2.proj.weight', '3.proj.weight']],
      ['key', 'f"model.layers.{i}.proj.weight"', ['0.proj.weight', '1.proj.weight', '2.proj.weight', '3.proj.weight']],
      ['load', 'self.weights[p + ".scales"]', ['0.proj.scales', '1.proj.scales', '2.proj.scales', '3.proj.scales']],
      ['load', 'self.weights[p + ".biases"]', ['0.proj.biases', '1.proj.biases', '2.proj.biases', '3.proj.biases']],
      ['load', 'weights["model.layers.0.norm.weight"]', ['0.norm.weight']],
      ['key', '"model.layers.0.norm.weight"', ['0.norm.weight']],
      ['load', 'weights.get(f"model.layers.{i}.norm.weight")', ['0.norm.weight', '1.norm.weight']],
      ['key', 'f"model.layers.{i}.norm.weight"', ['0.norm.weight', '1.norm.weight']],
    ])
  })

  test('are found at an offset, the smallest first', async () => {
    const { analysis } = await world()
    const lookups = lookupsIn(analysis.facts, `${home}/loader.py`)
    const at = (text: string) => smallestAt(lookups, loader.indexOf(text))
    expect(at('layers.0.norm')?.kind).toBe('key')
    expect(at('weights["model.layers.0.norm')?.kind).toBe('load')
    expect(at('print')).toBeUndefined()
  })

  test('are empty for a file that loads nothing', async () => {
    const { analysis } = await worldOf({ 'model.safetensors': table, 'a.py': 'import mlx.core as mx\n' })
    expect(lookupsIn(analysis.facts, `${home}/a.py`)).toEqual([])
  })
})

describe('arrivals', () => {
  test('are the calls that decode, with every weight', async () => {
    const { analysis, snapshot } = await world()
    const [arrival, ...others] = arrivalsIn(analysis.facts, `${home}/loader.py`)
    expect(others).toEqual([])
    expect(arrival?.deliveries.map(d => d.module)).toHaveLength(4)
    expect(arrival && calleeRange(arrival.place)).toMatchObject({
      start: { line: 12, character: 15 },
      end: { character: 28 },
    })
    const program = snapshot.programs[0]
    expect(program && showCounts(countLoads(analysis, program))).toBe('5 loads, 1 dequantized, 1 not understood')
    const functions = program && [...countLoads(analysis, program).functions]
    expect(functions?.map(([def, own]) => [def.name, showCounts(own)])).toEqual([
      ['tensor', '1 load'],
      ['proj', '2 loads, 1 dequantized'],
    ])
    expect(showCounts({ loads: 1, dequantized: 0, unknown: 0 })).toBe('1 load')
    expect(showCounts({ loads: 0, dequantized: 0, unknown: 0 })).toBe('')
  })
})

describe('the meaning of a tensor', () => {
  const config = '{"quantization": {"group_size": 64, "bits": 4}}'
  const meaning = async (lines: readonly string[], name: string, said = config) => {
    const { snapshot } = await worldOf({ 'model.safetensors': lines, 'config.json': said })
    const model = snapshot.models[0]
    const shard = model?.shards[0]
    const tensor = shard?.tensors.find(name)
    return model && shard && tensor && meaningOf(model, shard, tensor)?.text
  }

  test('is the weight that it packs, by its siblings', async () => {
    expect(await meaning(table, 'model.layers.0.proj.weight')).toBe('4-bit [128, 256] g64')
    expect(await meaning(table, 'model.layers.0.proj.scales')).toBe('scales of 4-bit [128, 256] g64')
    expect(await meaning(table, 'model.layers.0.norm.weight')).toBeUndefined()
  })

  test('says every reading that shapes leave, and how it is stored', async () => {
    expect(await meaning(table, 'model.layers.0.proj.weight', '{}')).toBe(
      '4-bit [128, 256] g64 or 8-bit [128, 128] g32 or 2-bit [128, 512] g128',
    )
    const turned = ['a.weight U32 [32, 128]', 'a.{scales,biases} F16 [4, 128]']
    expect(await meaning(turned, 'a.weight')).toBe('4-bit [128, 256] g64, stored transposed')
    const float = ['a.weight U32 [128, 32]', 'a.scales U8 [128, 8]']
    expect(await meaning(float, 'a.weight')).toBe('mxfp4 [128, 256] g32')
    expect(await meaning(['a.weight U32 [128, 32]', 'a.{scales,biases} F16 [77, 4]'], 'a.weight')).toBeUndefined()
  })
})
