// Products of plain and of packed matrices, convolutions, norms, attention.

import { type Draw, floats, type Law, tuple } from './draw'

const float = (d: Draw) => (d.chance(90) ? d.pick(floats) : d.dtype())

/** Shapes of two factors that mostly fit. */
function factors(d: Draw): readonly [number[], number[]] {
  const [rows, inner, columns] = [d.size(), d.size(), d.size()]
  const batch = d.shape(0, 2)
  const left = d.chance(10) ? [inner] : [...batch, rows, inner]
  const right = d.chance(10) ? [inner] : [...(d.chance(50) ? d.beside(batch) : []), inner, columns]
  return [d.near(left, 15), d.near(right, 15)]
}

/** Shapes of a packed weight and its scales, and the parameters that they are made for. */
function packed(d: Draw, batch: readonly number[]) {
  const mode = d.chance(60) ? 'affine' : d.pick(['mxfp4', 'mxfp8', 'nvfp4'])
  const own = { affine: [0, 0], mxfp4: [32, 4], mxfp8: [32, 8], nvfp4: [16, 4] }[mode] ?? [0, 0]
  const groupSize = own[0] || d.pick([32, 64, 128])
  const bits = own[1] || d.pick([2, 3, 4, 5, 6, 8])
  // On a CPU MLX unpacks 4 words of nvfp4 at once and refuses fewer.
  const [rows, groups] = [d.pick([1, 4, 8, 32]), d.pick(mode === 'nvfp4' ? [2, 4] : [1, 2, 4])]
  const columns = groups * groupSize
  const weight = d.near([...batch, rows, (columns * bits) / 32], 12)
  const scales = d.near([...batch, rows, groups], 12)
  const biases = d.near(scales, 8)
  const given: string[] = []
  const wrong = d.chance(15)
  if (groupSize !== 64 || d.chance(30)) given.push(`group_size=${wrong ? d.pick([16, 32, 64, 128]) : groupSize}`)
  if (bits !== 4 || d.chance(30)) given.push(`bits=${wrong ? d.pick([2, 3, 4, 6, 8]) : bits}`)
  if (mode !== 'affine' || d.chance(20)) given.push(`mode="${d.chance(5) ? 'other' : mode}"`)
  const scaleType = mode === 'affine' ? float(d) : d.chance(92) ? 'uint8' : d.dtype()
  const arrays = [d.array(weight, d.chance(94) ? 'uint32' : d.dtype()), d.array(scales, scaleType)]
  const hasBiases = (mode === 'affine') !== d.chance(6)
  if (hasBiases) arrays.push(d.array(biases, d.chance(85) ? scaleType : float(d)))
  return { arrays, given, rows, columns, hasBiases }
}

const list = (parts: readonly string[]) => parts.join(', ')

/** The input of a product with a packed weight. */
function inputFor(d: Draw, turned: boolean, rows: number, columns: number, batch: readonly number[]): string {
  return d.array(d.near([...batch, d.size(), turned ? columns : rows], 15), float(d))
}

const convolution = (d: Draw, space: number, transposed = false): string => {
  const groups = d.chance(75) ? 1 : 2
  const [input, out] = [groups * d.int(1, 3), groups * d.int(1, 3)]
  const x = d.near([d.int(1, 2), ...d.times(space, () => d.int(2, 7)), input], 12)
  const w = d.near([out, ...d.times(space, () => d.int(1, 3)), input / groups], 12)
  const given = [
    ['stride', 1, 3],
    ['padding', 0, 2],
    ['dilation', 1, 2],
  ].flatMap(([name, low, high]) => {
    if (!d.chance(40)) return []
    const one = () => d.int(Number(low), Number(high))
    return [`${name}=${space > 1 && d.chance(40) ? tuple(d.times(space, one)) : one()}`]
  })
  if (groups > 1) given.push(`groups=${groups}`)
  return `mx.conv${transposed ? '_transpose' : ''}${space}d(${list([d.array(x, float(d)), d.array(w, float(d)), ...given])})`
}

const equations = [
  'ij,jk->ik',
  'bij,bjk->bik',
  'bij,kj->bik',
  'ij->ji',
  'ij->i',
  'i,j->ij',
  'ii->i',
  'bhld,bhsd->bhls',
  'ij,jk',
  'ij',
  '...ij,jk->...ik',
]

export const products: readonly Law[] = [
  {
    name: 'matmul',
    draw(d) {
      const [a, b] = factors(d).map(s => d.array(s, float(d)))
      return d.chance(50) ? `${a} @ ${b}` : `mx.matmul(${a}, ${b})`
    },
  },
  {
    name: 'addmm',
    draw(d) {
      const [a, b] = factors(d)
      const made = [...a.slice(0, -1), b[b.length - 1] ?? 1]
      return `mx.addmm(${list([d.array(d.beside(made), float(d)), d.array(a, float(d)), d.array(b, float(d))])})`
    },
  },
  {
    name: 'inner, outer and kron',
    draw(d) {
      const [a, n] = [d.shape(0, 3), d.size()]
      const b = d.chance(60) ? [...d.shape(0, 1), a[a.length - 1] ?? n] : d.shape(0, 2)
      return `mx.${d.pick(['inner', 'outer', 'kron'])}(${d.array(a)}, ${d.array(b)})`
    },
  },
  {
    name: 'einsum',
    draw(d) {
      const equation = d.pick(equations)
      const sizes = new Map([...'abhijklmsd'].map(letter => [letter, d.int(1, 4)]))
      const terms = (equation.split('->')[0] ?? '').split(',')
      const arrays = terms.map(term => {
        const shape = [...term.replace('...', '')].map(letter => sizes.get(letter) ?? 1)
        return d.array(d.near(term.startsWith('.') ? [...d.shape(0, 2), ...shape] : shape, 12), 'float32')
      })
      return `mx.einsum(${list([`"${equation}"`, ...arrays])})`
    },
  },
  {
    name: 'quantize',
    draw(d) {
      const mode = d.chance(50) ? 'affine' : d.pick(['mxfp4', 'mxfp8', 'nvfp4', 'other'])
      const given: string[] = []
      if (d.chance(50)) given.push(`group_size=${d.pick([16, 32, 32, 64, 128, 96])}`)
      if (d.chance(50)) given.push(`bits=${d.pick([1, 2, 3, 4, 4, 5, 6, 7, 8, 8])}`)
      if (mode !== 'affine' || d.chance(20)) given.push(`mode="${mode}"`)
      const shape = [...d.shape(0, 2), d.pick([32, 64, 128, 128, 256, 100])]
      return `mx.quantize(${list([d.array(shape, float(d)), ...given])})`
    },
  },
  {
    name: 'dequantize',
    draw(d) {
      const { arrays, given } = packed(d, d.chance(80) ? [] : d.shape(1, 1))
      return `mx.dequantize(${list([...arrays, ...given])})`
    },
  },
  {
    name: 'quantized_matmul',
    draw(d) {
      const batch = d.chance(75) ? [] : d.shape(1, 1)
      const { arrays, given, rows, columns } = packed(d, batch)
      const turned = d.chance(70)
      const x = inputFor(d, turned, rows, columns, d.chance(50) ? batch : d.shape(0, 2))
      const how = turned ? (d.chance(40) ? ['transpose=True'] : []) : ['transpose=False']
      return `mx.quantized_matmul(${list([x, ...arrays, ...how, ...given])})`
    },
  },
  {
    name: 'gather_qmm',
    draw(d) {
      const batch = [d.pick([2, 3, 4])]
      const { arrays, given, rows, columns } = packed(d, batch)
      const turned = d.chance(70)
      const x = inputFor(d, turned, rows, columns, d.chance(60) ? d.shape(0, 2) : batch)
      const indices = () =>
        d.array(d.shape(0, 2), d.chance(88) ? 'uint32' : d.pick(['int32', 'int64', 'float32', 'bool_']))
      const chosen = [
        ...(d.chance(30) ? [`lhs_indices=${indices()}`] : []),
        ...(d.chance(80) ? [`rhs_indices=${indices()}`] : []),
      ]
      const how = turned ? (d.chance(40) ? ['transpose=True'] : []) : ['transpose=False']
      return `mx.gather_qmm(${list([x, ...arrays, ...chosen, ...how, ...given])})`
    },
  },
  {
    name: 'gather_mm',
    draw(d) {
      const [a, b] = factors(d)
      const indices = () =>
        d.array(d.shape(0, 2), d.chance(88) ? 'uint32' : d.pick(['int32', 'int64', 'float32', 'bool_']))
      const chosen = [
        ...(d.chance(40) ? [`lhs_indices=${indices()}`] : []),
        ...(d.chance(75) ? [`rhs_indices=${indices()}`] : []),
      ]
      return `mx.gather_mm(${list([d.array(a, float(d)), d.array(b, float(d)), ...chosen])})`
    },
  },
  {
    name: 'qqmm',
    draw(d) {
      const [rows, columns] = [d.pick([1, 4, 32]), d.pick([32, 64, 128])]
      const x = d.array(d.near([...d.shape(0, 2), columns], 15), float(d))
      const [group, bits, mode] = d.pick([
        [16, 4, ''],
        [16, 4, 'nvfp4'],
        [32, 8, 'mxfp8'],
        [32, 4, 'mxfp4'],
        [32, 4, 'other'],
      ] as const)
      const given = mode ? [`mode="${mode}"`] : []
      if (d.chance(40)) return `mx.qqmm(${list([x, d.array(d.near([rows, columns], 15), float(d)), ...given])})`
      const packedWeight = d.array(d.near([rows, (columns * bits) / 32], 12), d.chance(95) ? 'uint32' : d.dtype())
      const scales = d.chance(90) ? [d.array(d.near([rows, columns / group], 12), 'uint8')] : []
      return `mx.qqmm(${list([x, packedWeight, ...scales, ...given])})`
    },
  },
  { name: 'conv1d', draw: d => convolution(d, 1) },
  { name: 'conv2d', draw: d => convolution(d, 2) },
  { name: 'conv3d', draw: d => convolution(d, 3) },
  {
    name: 'norms',
    draw(d) {
      const x = d.shape(0)
      const vector = () => (d.chance(10) ? 'None' : d.array(d.near([x[x.length - 1] ?? 1], 15), float(d)))
      return d.chance(50)
        ? `mx.fast.rms_norm(${list([d.array(x, float(d)), vector(), '1e-5'])})`
        : `mx.fast.layer_norm(${list([d.array(x, float(d)), vector(), vector(), '1e-5'])})`
    },
  },
  {
    name: 'rope',
    draw(d) {
      const x = [...d.shape(1, 3), d.pick([2, 4, 6, 8])]
      const dims = d.chance(75) ? x[x.length - 1] : d.pick([2, 3, 4, 8, 16, 0])
      const base = d.chance(85) ? '10000.0' : 'None'
      return `mx.fast.rope(${d.array(x, float(d))}, ${dims}, traditional=${d.pick(['True', 'False'])}, base=${base}, scale=1.0, offset=0)`
    },
  },
  {
    name: 'attention',
    draw(d) {
      const [batch, kv, length, keys, width] = [d.int(1, 2), d.int(1, 3), d.int(1, 5), d.int(1, 5), d.pick([2, 4, 8])]
      const heads = kv * d.int(1, 3)
      const q = d.near([batch, heads, length, width], 12)
      const k = d.near([batch, kv, keys, width], 12)
      const v = d.near([batch, kv, keys, d.chance(70) ? width : d.int(1, 8)], 12)
      const dtype = float(d)
      const mask = d.chance(50)
        ? ''
        : d.chance(30)
          ? ', mask="causal"'
          : `, mask=${d.array(d.beside([batch, heads, length, keys]), d.chance(50) ? dtype : d.pick(['bool_', 'float32', 'float16', 'int32']))}`
      const type = () => (d.chance(85) ? dtype : float(d))
      return `mx.fast.scaled_dot_product_attention(${list([d.array(q, type()), d.array(k, type()), d.array(v, type())])}, scale=0.5${mask})`
    },
  },
]

/** Layers of mlx.nn, made and called at once. */
export const layers: readonly Law[] = [
  {
    name: 'nn.Linear and nn.Embedding',
    draw(d) {
      const [input, out] = [d.int(1, 6), d.int(1, 6)]
      if (d.chance(50))
        return `nn.Linear(${input}, ${out}${d.chance(40) ? ', bias=False' : ''})(${d.array(d.near([...d.shape(0, 2), input], 20), float(d))})`
      return `nn.Embedding(${input}, ${out})(${d.array(d.shape(0, 2), d.chance(85) ? d.pick(['int32', 'uint32']) : d.dtype())})`
    },
  },
  {
    name: 'nn.QuantizedLinear and nn.QuantizedEmbedding',
    draw(d) {
      const [input, out] = [d.pick([64, 128, 256]), d.pick([4, 32, 64])]
      const given = d.chance(50) ? ', group_size=32, bits=8' : ''
      if (d.chance(60))
        return `nn.QuantizedLinear(${input}, ${out}${d.chance(40) ? ', bias=False' : ''}${given})(${d.array(d.near([...d.shape(0, 2), input], 20), float(d))})`
      return `nn.QuantizedEmbedding(${out}, ${input}${given})(${d.array(d.shape(0, 2), d.chance(85) ? 'int32' : d.dtype())})`
    },
  },
  {
    name: 'nn.MultiHeadAttention',
    draw(d) {
      const [heads, width] = [d.int(1, 3), d.int(1, 3)]
      const dims = d.chance(90) ? heads * width : d.int(1, 6)
      const [keyDims, length, keys] = [d.chance(70) ? dims : d.int(1, 6), d.int(1, 4), d.int(1, 4)]
      const given = [...(keyDims === dims ? [] : [`key_input_dims=${keyDims}`]), ...(d.chance(30) ? ['bias=True'] : [])]
      const outer = d.int(1, 2)
      const q = d.array(d.near([outer, length, dims], 12), float(d))
      const k = d.near([outer, keys, keyDims], 10)
      const v = d.array(d.near(k, 12), 'float32')
      return `nn.MultiHeadAttention(${list([String(dims), String(heads), ...given])})(${list([q, d.array(k, 'float32'), v])})`
    },
  },
  {
    name: 'norms and convolutions of nn',
    draw(d) {
      const n = d.int(1, 6)
      const x = d.array(d.near([...d.shape(0, 2), n], 20), float(d))
      switch (d.int(0, 3)) {
        case 0:
          return `nn.RMSNorm(${n})(${x})`
        case 1:
          return `nn.LayerNorm(${n}${d.chance(40) ? ', affine=False' : ''}${d.chance(30) ? ', bias=False' : ''})(${x})`
        case 2: {
          const input = d.array(d.near([d.int(1, 2), d.int(2, 8), n], 20), float(d))
          return `nn.Conv1d(${n}, ${d.int(1, 4)}, ${d.int(1, 3)}${d.chance(40) ? `, stride=${d.int(1, 2)}` : ''}${d.chance(40) ? `, padding=${d.int(0, 2)}` : ''})(${input})`
        }
        default: {
          const input = d.array(d.near([d.int(1, 2), d.int(2, 8), d.int(2, 8), n], 20), float(d))
          return `nn.Conv2d(${n}, ${d.int(1, 4)}, ${d.chance(60) ? d.int(1, 3) : tuple([1, 2])}${d.chance(40) ? `, stride=${d.int(1, 2)}` : ''})(${input})`
        }
      }
    },
  },
]
