// `@frost-beta/mlx` 0.0.7 for Node: `import { core as mx, nn } from '@frost-beta/mlx'`. Names are MLX's in camel case, and
// arguments are positional: dequantize(w, scales, biases, groupSize, bits), quantizedMatmul(x, w, scales, biases, transpose,
// groupSize, bits). It has no modes, no gather_qmm and no contiguous; what it lacks is not invented here.
// What it does otherwise than MLX 0.32.4 was measured with Node 20.

import type { LibraryCall } from '../run/libraryCall'
import { shaped } from '../arrays/arrays'
import { indexByValue } from '../members/indexing'
import { dict, list, none, type Value } from '../values/value'
import { refuse } from '../run/operate'
import { Refused } from '../shapes/shape'
import { lost, numberOf, without } from './arguments'
import { arange, eye, full, like, linspace, literal, ofShape } from './creation'
import { computing } from './elementwise'
import { withChecks } from './frostArguments'
import type { LibraryModel } from './index'
import { concatenate, split, stack } from './joining'
import { asFunction, operations } from './mlxArray'
import { load, quantize, save } from './mlxCore'
import { mlxProducts } from './mlxProducts'
import { sink } from './sinks'

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** Operations that work on the flattened array where no axis is given. */
const flattening = ['argsort', 'sort', 'topk', 'argpartition', 'partition']

/** The same operation under the binding's name, as a function. */
const functions = (table: typeof operations): LibraryModel['calls'] =>
  Object.fromEntries(
    Object.entries(table).map(([name, operation]) => [`frost.core.${camel(name)}`, asFunction(operation)] as const),
  )

/** MLX's products under the binding's names. */
const products: LibraryModel['calls'] = Object.fromEntries(
  Object.entries(mlxProducts.calls)
    .filter(([name]) => name.startsWith('mlx.core.') && !/einsum|kron|gather_mm/.test(name))
    .map(([name, model]) => [`frost.core.${camel(name.slice('mlx.core.'.length))}`, model] as const),
)

/** `sort(a)` and its kin: without an axis the array is flattened first. */
const flattened =
  (name: string, axisAt: number) =>
  (c: LibraryCall): Value => {
    const operation = computing[name]
    const { flatten } = operations
    const array = c.get(0)
    if (!operation || !flatten || array?.kind !== 'array') return lost(c)
    const axis = c.get(axisAt)
    const isFlat = axis === undefined || (axis.kind === 'const' && axis.value === null)
    const from = isFlat ? flatten(c, array, []) : array
    const rest = c.args.positional.slice(1).map(a => a.value)
    return from.kind === 'array' ? operation(c, from, isFlat ? rest.slice(0, axisAt - 1) : rest) : from
  }

/** `concatenate(arrays, axis)`, which flattens where no axis is given. */
const concatenated = (c: LibraryCall): Value =>
  concatenate(
    c.get(1) ? c : c.with({ get: (position, ...keywords) => (position === 1 ? none : c.get(position, ...keywords)) }),
  )

/** `scaledDotProductAttention(q, k, v, scale, mask)`: the mask is positional. */
const attention = (c: LibraryCall): Value => {
  const model = mlxProducts.calls['mlx.core.fast.scaled_dot_product_attention']
  return model
    ? model(
        c.with({ get: (position, ...keywords) => (keywords[0] === 'mask' ? c.get(4) : c.get(position, ...keywords)) }),
      )
    : lost(c)
}

/** Bits that the MLX inside knows, and how many columns it wants at least for them. */
const leastColumns: Readonly<Record<number, number>> = { 2: 512, 4: 256, 8: 128 }
const sizesOfGroups = [32, 64, 128]

/** `quantize(w, groupSize, bits)`: fewer bits, and no narrow matrices. */
function packed(c: LibraryCall): Value {
  const [array, groupSize, bits] = [c.get(0), numberOf(c.get(1)), numberOf(c.get(2))]
  const least = bits === undefined ? undefined : leastColumns[bits]
  const refusal = (found: string, expected: string, text: string) =>
    refuse(c, new Refused(found, expected, `[quantize] ${text}`), [], 'frost')
  if (groupSize !== undefined && !sizesOfGroups.includes(groupSize))
    refusal(`group size ${groupSize}`, '64 or 128', `The requested group size ${groupSize} is not supported.`)
  else if (bits !== undefined && least === undefined)
    refusal(`${bits} bits`, '2, 4 or 8', `The requested number of bits ${bits} is not supported.`)
  else if (least !== undefined && array?.kind === 'array') {
    const columns = array.variants.map(v => v.shape?.[v.shape.length - 1])
    if (columns.every(n => n !== undefined && n < least))
      refusal(
        `${columns[0]} columns`,
        `at least ${least} for ${bits} bits`,
        'The feature dimension (2nd dimension of the matrix) is too small for quantization.',
      )
  }
  return quantize(c)
}

const slice = (c: LibraryCall): Value =>
  dict([
    ['start', c.get(0) ?? none],
    ['stop', c.get(1) ?? none],
    ['step', c.get(2) ?? none],
  ])

/** What the binding has no function for. */
const lacking = 'real nan_to_num roll flip copy absolute isfinite mod true_divide var logcumsumexp put_along_axis triu'

/** `array.index(…)`: what stands between brackets in Python. */
function index(c: LibraryCall): Value {
  if (c.self?.kind !== 'array' || c.args.open) return lost(c)
  const items = c.args.positional.map(a => a.value)
  const [only] = items
  return indexByValue(c, c.self, items.length === 1 && only ? only : list(items, 'tuple'))
}

const activations =
  'softmax logSoftmax softshrink celu step relu relu6 leakyRelu silu gelu geluApprox geluFastApprox sigmoid tanh softplus softsign elu selu mish hardswish logSigmoid'

export const frostMlx: LibraryModel = {
  calls: {
    ...withChecks({
      ...functions(without(operations, 'permute_dims contiguous ravel unflatten astype view')),
      ...functions(without(computing, lacking)),
      ...products,
      ...Object.fromEntries(
        flattening.map(name => [`frost.core.${name}`, flattened(name, /sort/.test(name) ? 1 : 2)] as const),
      ),
      'frost.core.dequantize': c =>
        sink(c, 'dequantize', { weight: [0], scales: [1], biases: [2], groupSize: [3], bits: [4] }),
      'frost.core.quantize': packed,
      'frost.core.quantizedMatmul': c =>
        sink(c, 'quantized_matmul', {
          weight: [1],
          scales: [2],
          biases: [3],
          groupSize: [5],
          bits: [6],
          x: [0],
          transpose: [4],
        }),
      'frost.core.concatenate': concatenated,
      'frost.core.stack': stack,
      'frost.core.load': c => load(c),
      'frost.core.arange': arange,
      'frost.core.linspace': linspace,
      'frost.core.split': split,
      'frost.core.fast.scaledDotProductAttention': attention,
      'frost.core.zeros': ofShape(0, 1),
      'frost.core.ones': ofShape(0, 1),
    }),
    'frost.core.compile': c => c.get(0) ?? none,
    'frost.core.saveSafetensors': save,
    'frost.core.array': literal,
    'frost.core.full': full,
    'frost.core.zerosLike': like,
    'frost.core.onesLike': like,
    'frost.core.eye': eye,
    'frost.core.identity': eye,
    'frost.core.random.normal': ofShape(0, 1),
    'frost.core.random.uniform': ofShape(2, 3),
    'frost.core.random.randint': ofShape(2, 3, 'I32'),
    'frost.core.random.seed': () => none,
    'frost.core.random.key': c => shaped([2], c.m.frame.activation, 'U32', 'frost'),
    'frost.core.eval': () => none,
    'frost.core.asyncEval': () => none,
    'frost.core.synchronize': () => none,
    'frost.core.arrayEqual': c => shaped([], c.m.frame.activation, 'BOOL', 'frost'),
    'frost.core.allclose': c => shaped([], c.m.frame.activation, 'BOOL', 'frost'),
    'frost.core.setDefaultDevice': () => none,
    ...(computing.var ? { 'frost.core.variance': asFunction(computing.var) } : {}),
    'frost.core.Slice': slice,
    'array.index': index,
    'array.indexPut_': () => none,
    'array.variance': c => {
      const operation = computing.var
      return operation && c.self?.kind === 'array'
        ? operation(
            c,
            c.self,
            c.args.positional.map(a => a.value),
          )
        : lost(c)
    },
    ...Object.fromEntries(
      activations.split(' ').map(name => {
        const operation = computing.sigmoid
        return [`frost.nn.${name}`, operation ? asFunction(operation) : lost] as const
      }),
    ),
  },
  aliases: { '@frost-beta/mlx': 'frost', '@frost-beta/mlx.core': 'frost.core', '@frost-beta/mlx.nn': 'frost.nn' },
}
