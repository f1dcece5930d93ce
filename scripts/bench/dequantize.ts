// The built-in dequantizer against `mx.dequantize` on CPU, on the same sizes, one after the other in one run.
// Both decode a 4096 × 4096 matrix, 4 bits in groups of 64, that is in memory already; the best of several runs counts.
// Ours writes to memory that it has used before, as it does when it verifies; MLX's allocator is left to itself.

import { spawnSync } from 'node:child_process'
import { affineOutputBytes, dequantizeAffine } from '../../server/quant/decode/affine'
import { quantizeAffine } from '../../server/quant/encode/affine'
import { bf16FromF32Bits, f16FromF32Bits, f32Bits } from '../../server/quant/floats'
import type { FloatDType } from '../../server/quant/floats'
import type { Row } from './row'

const rows = 4096
const columns = 4096
const groupSize = 64
const bits = 4
const rounds = 9
const mlxNames = { F16: 'float16', BF16: 'bfloat16', F32: 'float32' } as const

/** How many times as fast as MLX the built-in dequantizer is, by dtype. `python` has MLX. */
export function benchDequantize(python: string): readonly Row[] {
  return (['F16', 'BF16', 'F32'] as const).map(dtype => {
    const ours = bestOfOurs(dtype)
    const theirs = bestOfMlx(python, dtype)
    return {
      name: `dequantize, 4 bits in groups of 64, ${dtype} (${ours.toFixed(0)} ms against ${theirs.toFixed(0)} ms of MLX)`,
      value: theirs / ours,
      unit: 'times as fast',
      // The mark is for F16, which most checkpoints have; the others are shown, and must only not be absurd.
      limit: dtype === 'F16' ? 5 : 0.5,
      direction: 'at least',
    }
  })
}

function bestOfOurs(dtype: FloatDType): number {
  const matrix = dtype === 'F32' ? new Uint32Array(rows * columns) : new Uint16Array(rows * columns)
  for (let i = 0; i < matrix.length; i++) {
    const single = f32Bits(((Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5) / 16)
    matrix[i] = dtype === 'F32' ? single : dtype === 'F16' ? f16FromF32Bits(single) : bf16FromF32Bits(single)
  }
  const quantized = quantizeAffine(new Uint8Array(matrix.buffer), dtype, groupSize, bits)
  const triple = {
    ...quantized,
    scalesDtype: dtype,
    biasesDtype: dtype,
    rows,
    packedColumns: (columns * bits) / 32,
    groups: columns / groupSize,
    groupSize,
    bits,
  }
  const memory = new Uint8Array(affineOutputBytes(triple))
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    dequantizeAffine(triple, memory)
    best = Math.min(best, performance.now() - began)
  }
  return best
}

const program = `
import sys, time
import mlx.core as mx
mx.set_default_device(mx.cpu)
rows, columns, group_size, bits, rounds = map(int, sys.argv[2:])
matrix = (mx.random.uniform(shape=(rows, columns)) / 16 - 1 / 32).astype(getattr(mx, sys.argv[1]))
triple = mx.quantize(matrix, group_size=group_size, bits=bits)
mx.eval(triple)
best = float("inf")
for _ in range(rounds):
    began = time.perf_counter()
    mx.eval(mx.dequantize(*triple, group_size=group_size, bits=bits))
    best = min(best, time.perf_counter() - began)
print(best * 1000)
`

function bestOfMlx(python: string, dtype: FloatDType): number {
  const numbers = [rows, columns, groupSize, bits, rounds].map(String)
  const run = spawnSync(python, ['-c', program, mlxNames[dtype], ...numbers], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`MLX could not be timed: ${run.stderr || run.error}`)
  return Number(run.stdout)
}
