// Operations on elements: broadcasting, dtypes, reductions, and what works along an axis.

import { bracket, type Draw, type Law, shuffled, tuple } from './draw'

const infix = ['+', '-', '*', '/', '//', '%', '**']
const compared = ['<', '<=', '>', '>=', '==', '!=']
const pairs =
  'add subtract multiply divide maximum minimum remainder power floor_divide logaddexp equal less greater_equal logical_and'
const each =
  'exp log sqrt rsqrt sin tanh sigmoid erf abs negative square floor ceil round sign isnan isinf logical_not reciprocal expm1 log1p'
const reductions = 'sum prod max min mean var std logsumexp all any argmax argmin'
const flatAlong = 'cumsum cumprod cummax cummin'
const name = (d: Draw, names: string) => d.pick(names.split(' '))

const two = (d: Draw): readonly [string, string] => {
  const shape = d.shape()
  return [d.array(shape), d.array(d.beside(shape))]
}

/** The axes of a reduction. */
function axes(d: Draw, rank: number): string {
  if (d.chance(25)) return ''
  if (d.chance(60)) return `, axis=${d.axis(rank)}`
  const some = shuffled(
    d,
    Array.from({ length: rank }, (_, i) => i),
  ).slice(0, d.int(1, 3))
  return `, axis=${(d.chance(50) ? tuple : bracket)(some)}`
}

export const elementwise: readonly Law[] = [
  {
    name: 'operators',
    draw(d) {
      const [a, b] = two(d)
      if (d.chance(25)) return `${a} ${d.pick(infix)} ${d.number()}`
      if (d.chance(15)) return `${d.number()} ${d.pick(infix)} ${a}`
      return `${a} ${d.pick(d.chance(75) ? infix : compared)} ${b}`
    },
  },
  {
    name: 'bitwise operators',
    draw(d) {
      const [a, b] = two(d)
      const op = d.pick(['&', '|', '^', '<<', '>>'])
      if (d.chance(30)) return `${a} ${op} ${d.pick(['1', '7'])}`
      return d.chance(50)
        ? `${a} ${op} ${b}`
        : `mx.${d.pick(['bitwise_and', 'bitwise_or', 'bitwise_xor', 'left_shift', 'right_shift'])}(${a}, ${b})`
    },
  },
  {
    name: 'functions of two arrays',
    draw(d) {
      const [a, b] = two(d)
      return `mx.${name(d, pairs)}(${a}, ${d.chance(20) ? d.number() : b})`
    },
  },
  {
    name: 'functions of one array',
    draw(d) {
      const a = d.array(d.shape())
      return d.chance(80)
        ? `mx.${name(d, each)}(${a})`
        : `${a}.${d.pick(['abs', 'exp', 'log', 'sqrt', 'square', 'sin'])}()`
    },
  },
  {
    name: 'reductions',
    draw(d) {
      const shape = d.shape(0)
      const op = name(d, reductions)
      const isIndex = op.startsWith('arg')
      const where = isIndex ? (d.chance(30) ? '' : `, axis=${d.axis(shape.length)}`) : axes(d, shape.length)
      const keep = d.chance(30) ? `, keepdims=${d.pick(['True', 'False'])}` : ''
      const a = d.array(shape)
      return d.chance(75) ? `mx.${op}(${a}${where}${keep})` : `${a}.${op}(${`${where}${keep}`.replace(/^, /, '')})`
    },
  },
  {
    name: 'along an axis',
    draw(d) {
      const shape = d.shape(0)
      const where = d.chance(25) ? '' : `, axis=${d.axis(shape.length)}`
      return `mx.${name(d, d.chance(50) ? 'softmax sort argsort' : flatAlong)}(${d.array(shape)}${where})`
    },
  },
  {
    name: 'topk and partition',
    draw(d) {
      const shape = d.shape(1)
      const where = d.chance(30) ? '' : `, axis=${d.axis(shape.length)}`
      return `mx.${d.pick(['topk', 'partition', 'argpartition'])}(${d.array(shape)}, ${d.int(d.chance(80) ? 1 : -4, 7)}${where})`
    },
  },
  {
    name: 'take',
    draw(d) {
      const shape = d.shape(0)
      const indices = d.chance(80)
        ? d.array(d.shape(0, 2), d.chance(85) ? d.pick(['int32', 'uint32', 'int64']) : d.dtype())
        : d.pick(['1', '0'])
      const where = d.chance(25) ? '' : `, axis=${d.axis(shape.length)}`
      return `mx.take(${d.array(shape)}, ${indices}${where})`
    },
  },
  {
    name: 'take_along_axis',
    draw(d) {
      const shape = d.shape(1)
      const indices = d.array(d.chance(80) ? d.beside(shape) : d.shape(), d.chance(85) ? 'int32' : d.dtype())
      return `mx.take_along_axis(${d.array(shape)}, ${indices}, ${d.chance(70) ? 'axis=' : ''}${d.axis(shape.length)})`
    },
  },
  {
    name: 'where and clip',
    draw(d) {
      const shape = d.shape()
      const [a, b] = [d.array(d.beside(shape)), d.chance(30) ? d.number() : d.array(d.beside(shape))]
      if (d.chance(60)) return `mx.where(${d.array(shape, d.chance(80) ? 'bool_' : d.dtype())}, ${a}, ${b})`
      const [low, high] = [d.chance(20) ? 'None' : d.number(), d.chance(50) ? 'None' : b]
      return `mx.clip(${d.array(shape)}, ${low}, ${high})`
    },
  },
  {
    name: 'tril and triu',
    draw: d => `mx.${d.pick(['tril', 'triu'])}(${d.array(d.shape(0, 3))}${d.chance(50) ? `, ${d.int(-2, 2)}` : ''})`,
  },
  { name: 'astype', draw: d => `${d.array(d.shape())}.astype(mx.${d.dtype()})` },
]
