// Products: matrices, sums over letters, convolutions. Source: mlx/ops.cpp of MLX 0.32.4, measured.

import { isFloat, isReal, mlxName, promote } from './dtypes'
import { broadcast, broadcastTo } from './elementwise'
import { type Dim, type Dims, mlxShow, product, Refused, type Shape, type ShapeResult, show } from './shape'

export function matmul(
  a: Dims,
  b: Dims,
  op = 'matmul',
  check: () => Refused | undefined = () => undefined,
): ShapeResult {
  if (a?.length === 0 || b?.length === 0)
    return new Refused('a scalar', 'arrays', `[${op}] Got 0 dimension input. Inputs must have at least one dimension.`)
  const left = a && (a.length === 1 ? [1, ...a] : a)
  const right = b && (b.length === 1 ? [...b, 1] : b)
  const [x, y] = [left?.[left.length - 1], right?.[right.length - 2]]
  if (left && right && x !== undefined && y !== undefined && x !== y)
    return new Refused(
      `${show(a)} times ${show(b)}`,
      `${x} rows on the right`,
      `[${op}] Last dimension of first input with shape ${mlxShow(left)} must match second to last dimension of second input with shape ${mlxShow(right)}.`,
    )
  const bad = check()
  if (bad) return bad
  if (!left || !right || !a || !b) return undefined
  const batch = broadcast(left.slice(0, -2), right.slice(0, -2))
  if (batch instanceof Refused || !batch) return batch
  return [
    ...batch,
    ...(a.length === 1 ? [] : [left[left.length - 2]]),
    ...(b.length === 1 ? [] : [right[right.length - 1]]),
  ]
}

/** Products are of floats: what MLX says where two arrays meet in another dtype. */
export function floatsOnly(a: string | undefined, b: string | undefined): Refused | undefined {
  const meet = promote(a, b)
  if (meet === undefined || isFloat(meet)) return undefined
  return new Refused(
    `${a} times ${b}`,
    'floats',
    `[matmul] Only inexact types are supported but ${mlxName(a ?? '')} and ${mlxName(b ?? '')} were provided which results in ${mlxName(meet)}, which is not a floating point type.`,
  )
}

/** `addmm(c, a, b)`: the product, and what is added to it. */
export function addmm(added: Dims, a: Dims, b: Dims, dtypes: readonly (string | undefined)[]): ShapeResult {
  const [c, x, y] = dtypes
  const meet = promote(promote(x, y), c)
  const isComplex = meet === 'C64'
  const isScalar = a?.length === 0 || b?.length === 0
  const made = matmul(
    a,
    b,
    isComplex && !isScalar ? 'matmul' : 'addmm',
    isComplex || meet === undefined ? undefined : check,
  )
  if (made instanceof Refused) return made
  const sum = isComplex ? broadcast(made, added) : addedTo(added, made, a, b)
  if (sum instanceof Refused || !sum || !made) return sum
  // Only complex numbers are added in the plain way, which may make the sum larger than the product.
  if (!isComplex && (sum.length !== made.length || sum.some((d, i) => made[i] === 1 && d !== undefined && d !== 1)))
    return new Refused(
      `${show(added ?? [])} added to ${show(made)}`,
      'a shape that broadcasts to the product',
      '[addmm] input c must broadcast to the output shape',
    )
  return sum

  function check(): Refused | undefined {
    if (meet === undefined || isReal(meet)) return undefined
    return new Refused(
      `arrays of ${c}, ${x} and ${y}`,
      'floats',
      `[addmm] Only real floating point types are supported but ${[c, x].map(d => mlxName(d ?? '')).join(', ')} and ${mlxName(y ?? '')} were provided which results in ${mlxName(meet)}, which is not a real floating point type.`,
    )
  }
}

/** A vector is added to the rows of all matrices, as one. */
function addedTo(added: Dims, made: Dims, a: Dims, b: Dims): ShapeResult {
  const [rows, columns] = [a?.slice(0, -1), b?.length === 1 ? 1 : b?.[b.length - 1]]
  if (!a || !b || !added || !rows || a.length <= 2 || b.length > 2 || added.length > 1) return broadcast(added, made)
  if (a[a.length - 1] === 0)
    return new Refused(show(a), 'elements', '[reshape] Cannot infer the shape of an empty array')
  const total = product(rows)
  const fits = broadcastTo(added, [total, columns])
  return fits instanceof Refused ? fits : made
}

export function outer(a: Dims, b: Dims): ShapeResult {
  return a && b && [product(a), product(b)]
}

export function inner(a: Dims, b: Dims): ShapeResult {
  if (!a || !b) return undefined
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  const [x, y] = [a[a.length - 1], b[b.length - 1]]
  if (x !== undefined && y !== undefined && x !== y)
    return new Refused(
      `${show(a)} and ${show(b)}`,
      'equal last sizes',
      '[inner] a and b must have the same last dimension.',
    )
  return [...a.slice(0, -1), ...b.slice(0, -1)]
}

export function kron(a: Dims, b: Dims): ShapeResult {
  if (!a || !b) return undefined
  if (a.includes(0) || b.includes(0))
    return new Refused(`${show(a)} and ${show(b)}`, 'elements in both', '[kron] Input arrays cannot be empty.')
  const rank = Math.max(a.length, b.length)
  const at = (s: Shape, i: number) => (i < rank - s.length ? 1 : s[i - rank + s.length])
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [at(a, i), at(b, i)]
    return x === undefined || y === undefined ? undefined : x * y
  })
}

const ellipsis = '...'

/** `einsum`; an ellipsis stands for the axes in front that no letter names, numbered from the back. */
export function einsum(equation: string, shapes: readonly Dims[]): ShapeResult {
  const text = equation.replace(/\s/g, '')
  const [left = '', given] = text.split('->')
  const terms = left.split(',')
  if (terms.length !== shapes.length || /[^A-Za-z.,]/.test(left + (given ?? ''))) return undefined
  const sizes = new Map<string, Dim>()
  let longest = 0
  for (const [i, term] of terms.entries()) {
    const shape = shapes[i]
    if (!shape) {
      if (term.includes('.')) return undefined
      continue
    }
    const letters = lettersOf(term, shape, i)
    if (letters instanceof Refused) return letters
    longest = Math.max(longest, letters.filter(letter => letter.startsWith(ellipsis)).length)
    const bad = settle(letters, shape, i, sizes)
    if (bad) return bad
  }
  const front = Array.from({ length: longest }, (_, i) => `${ellipsis}${longest - i}`)
  if (given !== undefined) {
    const at = given.indexOf(ellipsis)
    const names = at < 0 ? [...given] : [...given.slice(0, at), ...front, ...given.slice(at + ellipsis.length)]
    return names.map(name => sizes.get(name))
  }
  const letters = [...left.replace(/[,.]/g, '')]
  const once = letters.filter((l, i) => letters.indexOf(l) === i && letters.lastIndexOf(l) === i).sort()
  return [...front, ...once].map(name => sizes.get(name))
}

/** A name for every axis of an operand. */
function lettersOf(term: string, shape: Shape, i: number): readonly string[] | Refused {
  const at = term.indexOf(ellipsis)
  const named = term.length - (at < 0 ? 0 : ellipsis.length)
  if (at >= 0 && shape.length < named)
    return new Refused(
      `${show(shape)} for the letters ${term}`,
      `at least ${named} dimensions`,
      `[einsum] Operand ${i} with shape ${mlxShow(shape)} has insufficient dimensions for subscript '${term}'. The ellipsis requires at least ${named} dimensions but the operand has ${shape.length} dimensions.`,
    )
  if (at < 0 && shape.length !== named)
    return new Refused(
      `${show(shape)} for the letters ${term}`,
      `${named} dimensions`,
      `[einsum] Invalid number of subscripts ${named} for input ${i} with ${shape.length} dimensions.`,
    )
  if (at < 0) return [...term]
  const count = shape.length - named
  const front = Array.from({ length: count }, (_, k) => `${ellipsis}${count - k}`)
  return [...term.slice(0, at), ...front, ...term.slice(at + ellipsis.length)]
}

/** Notes what an operand says of the sizes of its letters. */
function settle(letters: readonly string[], shape: Shape, i: number, sizes: Map<string, Dim>): Refused | undefined {
  const own = new Map<string, Dim>()
  for (const [k, letter] of letters.entries()) {
    const [size, other] = [shape[k], own.get(letter)]
    if (size !== undefined && other !== undefined && size !== other)
      return new Refused(
        `${letter} is ${other} and ${size}`,
        'one size for each letter',
        `[einsum] Dimensions of repeated subscripts do not have the same size (${other} != ${size}).`,
      )
    own.set(letter, other ?? size)
  }
  for (const [k, letter] of letters.entries()) {
    const [size, known] = [shape[k], sizes.get(letter)]
    if (size !== undefined && known !== undefined && size !== known && size !== 1 && known !== 1)
      return new Refused(
        `${letter} is ${known} and ${size}`,
        'one size for each letter',
        `[einsum] Cannot broadcast dimension ${k} of input ${i} with shape ${mlxShow(shape)} to size ${known}.`,
      )
    if (known === undefined || known === 1) sizes.set(letter, size ?? known)
  }
  return undefined
}

export interface Convolution {
  readonly stride: readonly Dim[]
  readonly padding: readonly Dim[]
  readonly dilation: readonly Dim[]
  readonly groups: Dim
}

/** Input [N, …, C], weight [out, …, C / groups]; how many axes of space there are the input says. */
export function convolve(x: Dims, w: Dims, given: Convolution, dtype?: string): ShapeResult {
  const wrong = wrongOperands(x, w, given.groups, dtype)
  if (wrong) return wrong
  if (!x || !w) return undefined
  const space = x.length - 2
  const lists = [given.stride, given.padding, given.dilation]
  const odd = lists.findIndex(list => list.length !== space && list.length !== 1)
  if (odd >= 0) return oddLength(lists[odd] ?? [], odd, space)
  const [stride, padding, dilation] = lists.map(list =>
    list.length === space ? list : Array.from({ length: space }, () => list[0]),
  )
  const sizes: Dim[] = []
  for (let i = 0; i < space; i++) {
    const [n, k, step, pad, gap] = [x[i + 1], w[i + 1], stride?.[i], padding?.[i], dilation?.[i]]
    if (n === undefined || k === undefined || !step || pad === undefined || gap === undefined) {
      sizes.push(undefined)
      continue
    }
    const reach = gap * (k - 1) + 1
    // Rounded toward zero, so that a kernel may reach a little beyond the input where the stride is large.
    const size = Math.trunc((n + 2 * pad - reach) / step) + 1
    if (size <= 0)
      return new Refused(
        `input ${show(x)}, padded, has size ${n + 2 * pad} on axis ${i + 1}`,
        `at least ${reach} for weight ${show(w)}`,
        `[conv] Spatial dimensions of input after padding cannot be smaller than weight spatial dimensions. Got error at axis ${i + 1} for input with shape ${mlxShow(x)}, padding low ${mlxShow(padding ?? [])}, padding high ${mlxShow(padding ?? [])}, and weight of shape ${mlxShow(w)}.`,
      )
    sizes.push(size)
  }
  return [x[0], ...sizes, w[0]]
}

/** What no convolution takes, whatever its numbers are. */
export function wrongOperands(x: Dims, w: Dims, groups: Dim, dtype: string | undefined): Refused | undefined {
  if (!x) return undefined
  const refused = (found: string, expected: string, text: string) => new Refused(found, expected, `[conv] ${text}`)
  if (groups !== undefined && groups !== 1 && x.length !== 3 && x.length !== 4)
    return refused(
      `${groups} groups and an input ${show(x)}`,
      'one group',
      'Can only handle groups != 1 in 1D or 2D convolutions.',
    )
  const space = x.length - 2
  if (space < 1 || space > 3)
    return refused(
      `input ${show(x)}`,
      '3 to 5 dimensions',
      'Only works for inputs with 1-3 spatial dimensions. The inputs must be in the format [N, ..., C_in]',
    )
  if (dtype !== undefined && !isReal(dtype))
    return refused(
      `an input of ${dtype}`,
      'floats',
      `Invalid input array with type ${mlxName(dtype)}. Convolution currently only supports floating point types`,
    )
  if (w && w.length !== x.length)
    return refused(
      `input ${show(x)} and weight ${show(w)}`,
      `${x.length} dimensions of both`,
      `Invalid weight array with ${w.length} dimensions for ${space}D convolution. Expected an array with ${x.length} dimensions following the format [C_out, ..., C_in].`,
    )
  return w && wrongChannels(x, w, groups)
}

/** One number for every axis of space, or one for all. */
function oddLength(list: readonly Dim[], which: number, space: number): Refused {
  const shown = which === 1 ? `${mlxShow(list)} | ${mlxShow(list)}` : mlxShow(list)
  return new Refused(
    `${list.length} numbers for ${space} axes`,
    `${space} numbers`,
    `[conv] Invalid ${['strides', 'padding', 'kernel dilation'][which]} ${shown} for ${space}D convolution.`,
  )
}

function wrongChannels(x: Shape, w: Shape, groups: Dim): Refused | undefined {
  const [channels, taken, out] = [x[x.length - 1], w[w.length - 1], w[0]]
  if (groups === undefined) return undefined
  if (channels !== undefined && channels % groups !== 0)
    return new Refused(
      `${channels} channels in ${groups} groups`,
      `a multiple of ${groups}`,
      `[conv] The input channels must be divisible by the number of groups. Got input with shape ${mlxShow(x)} and ${groups} groups.`,
    )
  if (groups > 1 && out !== undefined && out % groups !== 0)
    return new Refused(
      `weight ${show(w)} in ${groups} groups`,
      `a multiple of ${groups} rows`,
      `[conv] If groups > 1, the output channels must be divisible by the number of groups. Got ${out} output channels and ${groups} groups.`,
    )
  if (channels === undefined || taken === undefined || channels === taken * groups) return undefined
  return new Refused(
    `input ${show(x)} has ${channels} channels`,
    `${taken * groups} for weight ${show(w)}`,
    groups === 1
      ? `[conv] Expect the input channels in the input and weight array to match but got shapes - input: ${mlxShow(x)} and weight: ${mlxShow(w)}`
      : `Given groups=${groups} and weights of shape ${mlxShow(w)}, expected to have ${taken * groups} input channels but got ${channels} input channels instead.`,
  )
}
