// Operations that move, add, join or cut axes, and indexing.

import { bracket, type Draw, type Law, product, shuffled, tuple } from './draw'

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** As a function or as a method of its array. */
function call(d: Draw, op: string, array: string, rest: string): string {
  return d.chance(50) ? `mx.${op}(${array}${rest && `, ${rest}`})` : `${array}.${op}(${rest})`
}

/** Sizes with the same product. */
function refactored(d: Draw, shape: readonly number[]): number[] {
  let rest = product(shape)
  const made: number[] = []
  while (made.length < 3 && d.chance(80)) {
    const fitting = [1, 2, 3, 4, 6].filter(n => rest % n === 0)
    const size = d.pick(fitting)
    made.push(size)
    rest /= size
  }
  return shuffled(d, [...made, rest])
}

function indexItem(d: Draw, size: number): string {
  const bound = () => (d.chance(30) ? '' : String(d.int(-size - 1, size + 2)))
  switch (d.int(0, 9)) {
    case 0:
    case 1:
    case 2:
      return String(d.chance(85) ? d.int(-size, Math.max(0, size - 1)) : d.int(-size - 2, size + 2))
    case 3:
      return 'None'
    case 4:
      return '...'
    case 5:
      return d.array(d.shape(0, 2), d.chance(80) ? d.pick(['int32', 'uint32', 'int64']) : d.pick(['float32', 'bool_']))
    case 6:
      return `${bound()}:${bound()}:${d.pick(['2', '-1', '3', '-2', '1'])}`
    default:
      return `${bound()}:${bound()}`
  }
}

const several = (d: Draw, least = 1) => {
  const shape = d.shape(0)
  return d.times(d.int(least, 4), () => d.near(shape, 15))
}

export const rearranging: readonly Law[] = [
  {
    name: 'reshape',
    draw(d) {
      const shape = d.shape()
      const to = d.near(refactored(d, shape), 20)
      if (d.chance(40) && to.length > 0) to[d.int(0, to.length - 1)] = -1
      if (d.chance(5)) to.push(-1)
      const array = d.array(shape)
      if (d.chance(60)) return call(d, 'reshape', array, d.chance(50) ? tuple(to) : bracket(to))
      return to.length > 0 ? `${array}.reshape(${to.join(', ')})` : `${array}.reshape(())`
    },
  },
  {
    name: 'transpose',
    draw(d) {
      const shape = d.shape()
      const order = shuffled(d, range(shape.length)).map(a => (d.chance(30) ? a - shape.length : a))
      if (d.chance(20) && order.length > 0) order[0] = d.axis(shape.length)
      if (d.chance(8)) order.pop()
      const array = d.array(shape)
      if (d.chance(15)) return d.chance(50) ? `${array}.T` : `mx.transpose(${array})`
      if (d.chance(30) && order.length > 0) return `${array}.transpose(${order.join(', ')})`
      return call(d, 'transpose', array, d.chance(50) ? tuple(order) : bracket(order))
    },
  },
  {
    name: 'swapaxes',
    draw(d) {
      const shape = d.shape()
      return call(d, 'swapaxes', d.array(shape), `${d.axis(shape.length)}, ${d.axis(shape.length)}`)
    },
  },
  {
    name: 'moveaxis',
    draw(d) {
      const shape = d.shape()
      return call(d, 'moveaxis', d.array(shape), `${d.axis(shape.length)}, ${d.axis(shape.length)}`)
    },
  },
  {
    name: 'squeeze',
    draw(d) {
      const shape = d.shape().map(size => (d.chance(40) ? 1 : size))
      const ones = range(shape.length).filter(i => shape[i] === 1)
      const some = d.chance(70) ? ones.slice(0, d.int(1, 2)) : [d.axis(shape.length)]
      if (d.chance(20)) return call(d, 'squeeze', d.array(shape), '')
      return call(d, 'squeeze', d.array(shape), some.length === 1 ? `axis=${some[0]}` : `axis=${tuple(some)}`)
    },
  },
  {
    name: 'expand_dims',
    draw(d) {
      const shape = d.shape(0, 3)
      const axes = d.times(d.chance(60) ? 1 : 2, () => d.axis(shape.length + 1))
      return `mx.expand_dims(${d.array(shape)}, ${axes.length === 1 ? axes[0] : tuple(axes)})`
    },
  },
  {
    name: 'flatten',
    draw(d) {
      const shape = d.shape()
      const from = d.axis(shape.length)
      const rest = d.chance(30) ? '' : d.chance(50) ? `start_axis=${from}` : `${from}, ${d.axis(shape.length)}`
      return call(d, 'flatten', d.array(shape), rest)
    },
  },
  {
    name: 'unflatten',
    draw(d) {
      const shape = d.shape(1)
      const at = d.int(0, shape.length - 1)
      const sizes = d.near(refactored(d, [shape[at] ?? 1]), 25)
      if (d.chance(30) && sizes.length > 0) sizes[0] = -1
      const axis = d.chance(10) ? d.axis(shape.length) : at
      return `mx.unflatten(${d.array(shape)}, ${axis}, ${tuple(sizes)})`
    },
  },
  {
    name: 'broadcast_to',
    draw(d) {
      const shape = d.shape()
      return `mx.broadcast_to(${d.array(d.beside(shape))}, ${tuple(shape)})`
    },
  },
  {
    name: 'tile, repeat and pad',
    draw(d) {
      const shape = d.shape(0, 3)
      const array = d.array(shape)
      switch (d.int(0, 2)) {
        case 0:
          return `mx.tile(${array}, ${d.chance(40) ? d.int(1, 3) : tuple(d.times(d.int(1, 4), () => d.int(0, 3)))})`
        case 1:
          return `mx.repeat(${array}, ${d.int(0, 3)}${d.chance(70) ? `, axis=${d.axis(shape.length)}` : ''})`
        default: {
          const pair = () => tuple([d.int(0, 2), d.int(0, 2)])
          const widths = d.chance(30)
            ? String(d.int(0, 2))
            : d.chance(30)
              ? pair()
              : bracket(d.times(d.chance(85) ? shape.length : d.int(1, 4), pair))
          return `mx.pad(${array}, ${widths})`
        }
      }
    },
  },
  {
    name: 'concatenate',
    draw(d) {
      const shapes = several(d)
      const axis = d.axis(shapes[0]?.length ?? 0)
      for (const shape of shapes) if (axis >= 0 && axis < shape.length && d.chance(50)) shape[axis] = d.size()
      const where = d.chance(25) ? '' : `, axis=${axis}`
      const dtype = d.dtype()
      return `mx.concatenate([${shapes.map(s => d.array(s, d.chance(70) ? dtype : d.dtype())).join(', ')}]${where})`
    },
  },
  {
    name: 'stack',
    draw(d) {
      const shapes = several(d)
      const where = d.chance(30) ? '' : `, axis=${d.axis((shapes[0]?.length ?? 0) + 1)}`
      const dtype = d.dtype()
      return `mx.stack([${shapes.map(s => d.array(s, d.chance(70) ? dtype : d.dtype())).join(', ')}]${where})`
    },
  },
  {
    name: 'split',
    draw(d) {
      const shape = d.shape(0)
      const into = d.chance(60)
        ? String(d.pick([1, 2, 2, 3, 4, 0]))
        : bracket(d.times(d.int(1, 3), () => d.int(-3, 8)).sort((a, b) => (d.chance(80) ? a - b : b - a)))
      const where = d.chance(30) ? '' : `, axis=${d.axis(shape.length)}`
      return call(d, 'split', d.array(shape), `${into}${where}`)
    },
  },
  {
    name: 'view',
    draw(d) {
      const shape = d.shape(0, 3)
      return `${d.array(shape)}.view(mx.${d.dtype()})`
    },
  },
  {
    name: 'index',
    draw(d) {
      const shape = d.shape(0)
      const count = Math.max(1, d.chance(85) ? d.int(1, Math.max(1, shape.length)) : d.int(1, shape.length + 2))
      return `${d.array(shape)}[${d.times(count, i => indexItem(d, shape[i] ?? 2)).join(', ')}]`
    },
  },
  {
    name: 'at',
    draw(d) {
      const shape = d.shape(1, 3).map(size => Math.max(1, size))
      const [first = 1, ...rest] = shape
      const at = d.pick([
        { index: String(d.int(0, first - 1)), part: rest },
        { index: `:${first}`, part: shape },
        { index: '1:', part: [first - 1, ...rest] },
        { index: 'mx.array([0, 0])', part: [2, ...rest] },
      ])
      const update = d.chance(15) ? '1.5' : d.array(d.beside(at.part), d.pick(['float32', 'float16', 'int32']))
      return `${d.array(shape, 'float32')}.at[${at.index}].${d.pick(['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'])}(${update})`
    },
  },
  {
    name: 'creation',
    draw(d) {
      const [shape, dtype] = [d.shape(0, 3), d.dtype()]
      switch (d.int(0, 6)) {
        case 0:
          return `mx.full(${tuple(shape)}, ${d.number()}${d.chance(50) ? `, mx.${dtype}` : ''})`
        case 1:
          return `mx.arange(${d.int(0, 6)}${d.chance(50) ? `, ${d.int(5, 12)}${d.chance(50) ? `, ${d.int(1, 3)}` : ''}` : ''}${d.chance(40) ? `, dtype=mx.${dtype}` : ''})`
        case 2:
          return `mx.${d.pick(['zeros_like', 'ones_like'])}(${d.array(shape)})`
        case 3:
          return `mx.eye(${d.int(1, 5)}${d.chance(50) ? `, ${d.int(1, 5)}` : ''}${d.chance(40) ? `, dtype=mx.${dtype}` : ''})`
        case 4:
          return `mx.linspace(0, ${d.int(1, 9)}${d.chance(60) ? `, ${d.int(1, 9)}` : ''})`
        case 5:
          return `mx.array(${d.pick(['[1, 2, 3]', '[[1.0, 2], [3, 4]]', '[True, False]', '[[1], [2]]', '2', '1.5', '[]', '[[1, 2], [3]]'])}${d.chance(40) ? `, mx.${dtype}` : ''})`
        default:
          return `mx.random.normal(${tuple(shape)})`
      }
    },
  },
]
