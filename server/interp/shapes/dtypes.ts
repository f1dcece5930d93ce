// Which dtype comes out where two meet. Names are those of safetensors; the table is that of MLX 0.32.4 (mlx/dtype.cpp):
// the later of two in the row below, but for pairs that share no float or no sign.

const floats = ['F16', 'BF16', 'F32', 'F64', 'C64'] as const
const unsigned = ['U8', 'U16', 'U32', 'U64'] as const
const signed = ['I8', 'I16', 'I32', 'I64'] as const

export const isFloat = (dtype: string): boolean => (floats as readonly string[]).includes(dtype)
/** A float that is no complex number. */
export const isReal = (dtype: string): boolean => isFloat(dtype) && dtype !== 'C64'
export const isInteger = (dtype: string): boolean => [...unsigned, ...signed].includes(dtype as never)

const width = (dtype: string): number => Number(/\d+/.exec(dtype)?.[0] ?? 0)

/** The dtype of an operation on two arrays; undefined where one is not known. */
export function promote(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined
  if (a === b) return a
  if (a === 'BOOL') return b
  if (b === 'BOOL') return a
  if (isFloat(a) || isFloat(b)) {
    if (!isFloat(a)) return isInteger(a) ? b : undefined
    if (!isFloat(b)) return isInteger(b) ? a : undefined
    // Half a float of each kind make a whole one.
    if ((a === 'F16' && b === 'BF16') || (a === 'BF16' && b === 'F16')) return 'F32'
    return floats.indexOf(a as never) > floats.indexOf(b as never) ? a : b
  }
  if (!isInteger(a) || !isInteger(b)) return undefined
  if (a.startsWith('U') === b.startsWith('U')) return width(a) > width(b) ? a : b
  const [u, i] = a.startsWith('U') ? [a, b] : [b, a]
  if (width(i) > width(u)) return i
  return width(u) >= 64 ? 'F32' : `I${Math.max(width(u) * 2, width(i))}`
}

/** The dtype of an array made of a Python number, as far as it may choose: beside an array it takes that one's. */
export function dtypeOfScalar(scalar: number | boolean, isFraction: boolean, wanted: string | undefined): string {
  if (typeof scalar === 'boolean') return wanted ?? 'BOOL'
  if (isFraction) return wanted !== undefined && isFloat(wanted) && wanted !== 'C64' ? wanted : 'F32'
  if (wanted === undefined) return scalar > 2 ** 31 - 1 || scalar < -(2 ** 31) ? 'I64' : 'I32'
  return wanted === 'BOOL' ? 'I32' : wanted
}

/** A Python number beside an array: it changes the kind at most, never the width. */
export const withScalar = (dtype: string | undefined, scalar: number | boolean, isFraction: boolean) =>
  dtype === undefined ? undefined : promote(dtype, dtypeOfScalar(scalar, isFraction, dtype))

/** Whether a whole number does not fit into an integer dtype of at most 32 bits. */
export function overflows(dtype: string, value: number): boolean {
  if (!isInteger(dtype) || width(dtype) > 32) return false
  const [low, high] = dtype.startsWith('U')
    ? [0, 2 ** width(dtype) - 1]
    : [-(2 ** (width(dtype) - 1)), 2 ** (width(dtype) - 1) - 1]
  return value < low || value > high
}

/** Sums and products count in whole numbers of 32 bits at least. */
export function summedDType(dtype: string | undefined): string | undefined {
  if (dtype === undefined || isFloat(dtype)) return dtype
  if (dtype === 'BOOL') return 'I32'
  return width(dtype) >= 64 ? dtype : dtype.startsWith('U') ? 'U32' : 'I32'
}

/** Operations that compute in floats. */
export const asFloat = (dtype: string | undefined): string | undefined =>
  dtype === undefined ? undefined : isFloat(dtype) ? dtype : 'F32'

/** MLX's, NumPy's and PyTorch's dtype names as safetensors writes them. */
export const dtypeNames: Readonly<Record<string, string>> = {
  float16: 'F16',
  half: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
  float: 'F32',
  float64: 'F64',
  double: 'F64',
  complex64: 'C64',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int: 'I32',
  int64: 'I64',
  long: 'I64',
  bool_: 'BOOL',
  bool: 'BOOL',
}

/** As MLX prints a dtype. */
export const mlxName = (dtype: string): string =>
  ({ F16: 'float16', BF16: 'bfloat16', F32: 'float32', F64: 'float64', C64: 'complex64', BOOL: 'bool' })[dtype] ??
  dtype.replace(/^U/, 'uint').replace(/^I/, 'int')
