// What `mx.load` makes of a safetensors dtype, by MLX's own names, and how MLX promotes two of them.
// Sources: ml-explore/mlx, mlx/io/safetensors.cpp and mlx/dtype.cpp, and runs of MLX 0.32.4.

/** MLX's name of the dtype that a tensor has once loaded; undefined where `mx.load` refuses the file. */
export function mlxDtype(safetensorsDtype: string): string | undefined {
  return names.get(safetensorsDtype)
}

/** Whether `mx.result_type` of the two is a real floating dtype. Both are MLX's names. */
export function promotesToFloating(first: string, second: string): boolean {
  if (first === 'complex64' || second === 'complex64') return false
  // No integer holds both uint64 and a signed one, so MLX takes float32.
  const wide = (first === 'uint64' && isSigned(second)) || (second === 'uint64' && isSigned(first))
  return isFloating(first) || isFloating(second) || wide
}

const isFloating = (name: string): boolean => name.includes('float')
const isSigned = (name: string): boolean => name.startsWith('int')

const names: ReadonlyMap<string, string> = new Map([
  ['BOOL', 'bool'],
  ['U8', 'uint8'],
  ['I8', 'int8'],
  // MLX has no 8-bit floats: it keeps the bytes.
  ['F8_E4M3', 'uint8'],
  ['F8_E8M0', 'uint8'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['F32', 'float32'],
  ['C64', 'complex64'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
])
