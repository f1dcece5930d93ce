// One turn of a loop that stands for many says what the turns one by one say, whatever the loop does and whatever the
// checkpoint holds. A loop that adds to a list is walked turn by turn: that is what the others are compared with.

import { beforeAll, describe, expect, test } from 'vitest'
import { readShard } from '../../../server/checkpoint/shard'
import { analyse } from '../../../server/engine'
import { bytesSource } from '../../../server/util/byteSource'
import { buildCheckpoint } from '../../support/buildCheckpoint'
import { prepareGrammars } from '../../support/lower'
import { snapshotOf } from '../../support/runCase'

beforeAll(prepareGrammars)

const program = (
  first: string,
  body: string,
  made: readonly [string, string] = ['pass', 'pass'],
): string => `import mlx.core as mx

SEEN = []


class Linear:
    def __init__(self):
        self.weight = None
        self.scales = None
        self.biases = None

    def load(self, weight, scales, biases):
        self.weight = weight
        self.scales = scales
        self.biases = biases

    def __call__(self, x):
        return mx.quantized_matmul(x, self.weight, scales=self.scales, biases=self.biases, group_size=64, bits=4)


LINEAR = Linear()


class Layer:
    def __init__(self, number):
        self.number = number
        self.q = Linear()
        self.k = Linear()
        self.norm = None
        ${made[0]}
${made[1]
  .split('\n')
  .map(line => `        ${line}`)
  .join('\n')}

    def __call__(self, x):
        return self.k(self.q(x)) * self.norm


class Model:
    def __init__(self):
        self.layers = [Layer(i) for i in range(12)]
        self.last = None
        self.table = {"q": "q"}

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def load(weights, model):
    at = "layers"
    for i, layer in enumerate(model.layers):
        ${first}
${body
  .split('\n')
  .map(line => `        ${line}`)
  .join('\n')}
    return layer


model = Model()
last = load(mx.load("model.safetensors"), model)
model(mx.zeros((1, 64)))
mx.quantized_matmul(mx.zeros((1, 64)), last.q.weight, scales=last.k.scales, biases=last.q.biases)
`

const triple = (module: string, prefix = 'layers.{i}'): string =>
  `layer.${module}.load(weights[f"${prefix}.${module}.weight"], weights[f"${prefix}.${module}.scales"], weights[f"${prefix}.${module}.biases"])`
const norm = 'layer.norm = weights[f"layers.{i}.norm.weight"]'
const plain = `${triple('q')}\n${triple('k')}\n${norm}`

/** What a loop may do with its layers. */
const bodies: Readonly<Record<string, string>> = {
  'loads them': plain,
  'loads them by names': `prefix = f"{at}.{i}"
for name in ["q", "k"]:
    proj = getattr(layer, name)
    key = f"{prefix}.{name}.weight"
    proj.load(weights[key], weights[key.replace(".weight", ".scales")], weights[key.replace(".weight", ".biases")])
setattr(layer, "norm", weights[f"{prefix}.norm.weight"])`,
  'crosses them': `layer.q.load(weights[f"layers.{i}.q.weight"], weights[f"layers.{i}.k.scales"], weights[f"layers.{i}.q.biases"])
${triple('k')}
${norm}`,
  'asks for what is not there': `${plain}\nlayer.bias = weights[f"layers.{i}.q.bias"]`,
  'takes the tensors of the next': `${triple('q', 'layers.{i + 1}')}\n${triple('k')}\n${norm}`,
  'takes the tensors of the next but for the last': `${triple('q', 'layers.{min(i + 1, 11)}')}\n${triple('k')}\n${norm}`,
  'tells some from others': `if i < 4:\n    ${triple('q')}\nelse:\n    ${triple('q', 'layers.{i}')}\n${triple('k')}\n${norm}`,
  'tells even from odd': `if i % 2 == 0:\n    ${triple('q')}\nelse:\n    layer.q.load(weights[f"layers.{i}.q.weight"].T, weights[f"layers.{i}.q.scales"], weights[f"layers.{i}.q.biases"])\n${triple('k')}\n${norm}`,
  'leaves out one': `if i == 7:\n    continue\n${plain}`,
  'asks what there is': `if f"layers.{i}.q.weight" in weights:\n    ${triple('q')}\n${triple('k')}\n${norm}`,
  'looks at shapes': `if weights[f"layers.{i}.q.weight"].shape[0] != 64:\n    raise ValueError(f"layer {i}")\n${plain}`,
  'looks at the number of the layer': `if layer.number != i:\n    raise ValueError("the wrong layer")\n${plain}`,
  'catches what is missing': `try:\n    ${triple('q')}\nexcept KeyError:\n    layer.q = layer.k\n${triple('k')}\n${norm}`,
  'sets what it shares': `${plain}\nmodel.last = layer\nmodel.table = {"q": f"q{i}"}`,
  'adds up': `${plain}\nmodel.last = (model.last or 0) + i`,
  'makes new layers': `layer.q = Linear()\n${plain}`,
  'sets members of what is not known': `layer.other = unknown_function(layer)\nlayer.other.weight = weights[f"layers.{i}.q.weight"]\n${plain}`,
  'ties them': `${plain}\nlayer.q = layer.k`,
  'turns them': `${plain}\nlayer.q.scales = layer.q.scales.T`,
  'indexes by number': `model.layers[i].q.load(weights[f"layers.{i}.q.weight"], weights[f"layers.{i}.q.scales"], weights[f"layers.{i}.q.biases"])\n${triple('k')}\n${norm}`,
  'keeps texts with the number': `layer.q.name = f"layers.{i}.q"\n${triple('k')}\n${norm}\nlayer.q.load(weights[layer.q.name + ".weight"], weights[layer.q.name + ".scales"], weights[layer.q.name + ".biases"])`,
  'writes the number with zeros': `${triple('q', 'layers.{i:01d}')}\n${triple('k')}\n${norm}`,
  asserts: `assert i < 11, "too many"\n${plain}`,
}

const table = [
  'layers.{0..11}.{q,k}.weight U32 [64, 8]',
  'layers.{0..11}.{q,k}.scales F16 [64, 1]',
  'layers.{0..11}.{q,k}.biases F16 [64, 1]',
  'layers.{0..11}.norm.weight F16 [64]',
]
/** Takes the entries of one tensor apart from the others. */
const but = (name: string, entry?: string): string[] => [
  ...table.flatMap(line => {
    const [names = '', ...rest] = line.split(' ')
    return [...Array(12).keys()].flatMap(i =>
      ['q', 'k'].flatMap((module, n) => {
        const one = names.replace('{0..11}', String(i)).replace('{q,k}', module)
        return one === name || (n > 0 && !names.includes('{q,k}')) ? [] : [`${one} ${rest.join(' ')}`]
      }),
    )
  }),
  ...(entry ? [`${name} ${entry}`] : []),
]

/** What a checkpoint may hold. */
const checkpoints: Readonly<Record<string, readonly string[]>> = {
  whole: table,
  'without one scales': but('layers.7.q.scales'),
  'without the first weight': but('layers.0.q.weight'),
  'without the last norm': but('layers.11.norm.weight'),
  'one turned': but('layers.6.k.weight', 'U32 [8, 64]'),
  'one of another dtype': but('layers.9.q.scales', 'U8 [64, 1]'),
  'all turned': table.map(line => line.replace('scales F16 [64, 1]', 'scales F16 [1, 64]')),
  'of other bits': table.map(line => line.replace('[64, 8]', '[64, 16]')),
  'without any scales': table.filter(line => !line.includes('scales')),
}

async function findings(lines: readonly string[], text: string): Promise<unknown> {
  const shard = await readShard('/ws/model.safetensors', bytesSource(buildCheckpoint(lines)))
  const { findings, broken } = analyse(snapshotOf({ texts: new Map([['/ws/loader.py', text]]), shards: [shard] }))
  expect(broken).toEqual([])
  return findings.map(({ rule, path, range, message, tensors, because }) => {
    const places = because.map(b => [b.path, b.range, b.message])
    return [rule, path, range, message, [...tensors].sort(), places]
  })
}

describe.each(Object.entries(bodies))('a loop that %s', (_, body) => {
  test.each(Object.entries(checkpoints))('of a checkpoint %s', async (_, lines) => {
    // Both texts are as long, so that places can be compared.
    expect(await findings(lines, program('pass           ', body))).toEqual(
      await findings(lines, program('SEEN.append(i) ', body)),
    )
  })
})

/** What a constructor may do beside, and what the loop then does with it. */
const constructors: Readonly<Record<string, readonly [string, string]>> = {
  'does no more': ['pass', plain],
  'keeps a text with its number': [
    'self.name = f"layers.{number}"',
    `${plain.replaceAll('layers.{i}', '{layer.name}')}`,
  ],
  'tells some from others': ['if number < 4:\n    self.k = self.q', plain],
  'tells even from odd': [
    'self.name = "q" if number % 2 == 0 else "k"',
    `layer.q.load(weights[f"layers.{i}.{layer.name}.weight"], weights[f"layers.{i}.q.scales"], weights[f"layers.{i}.q.biases"])\n${triple('k')}\n${norm}`,
  ],
  'makes a list of layers': ['self.both = [Linear(), Linear()]\nself.q = self.both[0]\nself.k = self.both[1]', plain],
  'makes a list of its own': ['self.sizes = [64]', `${plain}\nif layer.sizes[0] != 64:\n    raise ValueError("size")`],
  'holds a list of all': ['self.sizes = SEEN', plain],
  'makes a function': [
    'self.key = lambda: f"layers.{number}.q"',
    `layer.q.load(weights[layer.key() + ".weight"], weights[layer.key() + ".scales"], weights[layer.key() + ".biases"])\n${triple('k')}\n${norm}`,
  ],
  'keeps its number and more': [
    'self.next = number + 1',
    `${triple('q', 'layers.{layer.next - 1}')}\n${triple('k')}\n${norm}`,
  ],
  'sets what it shares': ['Layer.last = number', plain],
  'shares one with all': ['self.q = LINEAR', plain],
}

describe.each(Object.entries(constructors))('a constructor that %s', (_, [more, body]) => {
  test.each(Object.entries(checkpoints))('of a checkpoint %s', async (_, lines) => {
    const text = (first: string): string => program('pass           ', body, [first, more])
    expect(await findings(lines, text('pass                '))).toEqual(
      await findings(lines, text('SEEN.append(number) ')),
    )
  })
})
