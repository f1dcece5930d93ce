// The dtypes that a safetensors header may name, with their width in bits.
// Source: huggingface/safetensors, safetensors/src/tensor.rs (0.8), enum Dtype, in order of rising alignment.

export const dtypeBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const

export type DType = keyof typeof dtypeBits

export const dtypes = Object.keys(dtypeBits) as readonly DType[]

const mlxNames = 'BOOL U8 U16 U32 U64 I8 I16 I32 I64 F16 BF16 F32 C64 F8_E4M3 F8_E8M0'

/** The dtypes that MLX's reader takes (0.32.4); it refuses the whole file for any other. Both F8 kinds load as uint8. */
export const mlxDtypes: ReadonlySet<string> = new Set(mlxNames.split(' '))
