// NumPy, as far as loaders take a detour through it: the same shapes as MLX's, and other refusals.

import { anyArray, changed, shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { dtypeNames } from '../shapes/dtypes'
import { onlyReading } from '../values/readings'
import { constant, none, type Value } from '../values/value'
import { type Operation, without } from './arguments'
import { arange, full, like, linspace, literal, ofShape } from './creation'
import { computing, norm } from './elementwise'
import { joiningFor } from './joining'
import { asFunction, operations } from './mlxArray'
import type { LibraryModel } from './index'

/** An array as it is, now NumPy's. */
const asIs = (c: LibraryCall): Value => {
  const v = c.get(0, 'a')
  return v?.kind === 'array' ? { ...v, library: 'numpy' } : literal(c)
}

const under = (table: Readonly<Record<string, Operation>>): LibraryModel['calls'] =>
  Object.fromEntries(
    Object.entries(table).map(([name, operation]) => [`numpy.${name}`, asFunction(operation)] as const),
  )

/** What MLX computes and NumPy has no function for. */
const lacking =
  'rsqrt sigmoid erf erfinv stop_gradient logsumexp softmax cummax cummin logcumsumexp topk put_along_axis'

/** `reduce` of a function of two numbers: along the first axis where none is said. */
const folding =
  (operation: Operation | undefined) =>
  (c: LibraryCall): Value => {
    if (!operation) return none
    const isSaid = c.args.positional.length > 1 || c.args.keywords.has('axis')
    const keywords = isSaid ? c.args.keywords : new Map([...c.args.keywords, ['axis', { value: constant(0) }]])
    return asFunction(operation)(c.with({ args: { ...c.args, keywords } }))
  }

const folded = ['bitwise_or', 'bitwise_and', 'maximum', 'minimum']

const scalars = 'float16 float32 float64 uint8 uint16 uint32 uint64 int8 int16 int32 int64'

/** `np.uint32(n)`: a number with a dtype of its own, or an array in that dtype. */
function scalar(c: LibraryCall): Value {
  const v = c.get(0)
  const dtype = dtypeNames[c.name.replace(/^numpy\./, '')]
  const made = shaped([], c.m.frame.activation, dtype, 'numpy')
  if (v?.kind === 'array') return changed({ ...v, library: 'numpy' }, dtype, c.at)
  if (v === undefined || (v.kind === 'const' && typeof v.value !== 'string')) return made
  return v.kind === 'unknown' && v.isNumber ? made : { ...anyArray(c.m.frame.activation), library: 'numpy' }
}

export const numpy: LibraryModel = {
  calls: {
    ...under(without(operations, 'contiguous flatten unflatten view')),
    ...under(without(computing, lacking)),
    ...joiningFor('numpy'),
    ...Object.fromEntries(folded.map(name => [`numpy.${name}.reduce`, folding(computing.max)] as const)),
    ...Object.fromEntries(['add', 'multiply'].map(name => [`numpy.${name}.reduce`, folding(computing.sum)] as const)),
    'numpy.linalg.norm': asFunction(norm),
    ...Object.fromEntries(scalars.split(' ').map(name => [`numpy.${name}`, scalar] as const)),
    'numpy.zeros': ofShape(0, 1),
    'numpy.ones': ofShape(0, 1),
    'numpy.empty': ofShape(0, 1),
    'numpy.full': full,
    'numpy.zeros_like': like,
    'numpy.ones_like': like,
    'numpy.arange': arange,
    'numpy.linspace': linspace,
    'numpy.array': asIs,
    'numpy.asarray': asIs,
    'numpy.ascontiguousarray': asIs,
    'numpy.random.randn': c => ofShapeOfAll(c),
    'numpy.random.rand': c => ofShapeOfAll(c),
  },
}

/** `randn(2, 3)`: the sizes are the arguments. */
function ofShapeOfAll(c: LibraryCall): Value {
  const sizes = c.args.positional.map(a =>
    a.value.kind === 'const' && typeof a.value.value === 'number' ? a.value.value : undefined,
  )
  return {
    ...(c.get(0) ?? none),
    ...anyArray(c.m.frame.activation),
    library: 'numpy',
    variants: [{ readings: onlyReading, shape: c.args.open ? undefined : sizes, dtype: 'F64' }],
  }
}
