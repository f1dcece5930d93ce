// Asks the real MLX, in one process for many jobs, what it makes of tensors: the oracle of this folder's tests.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DType } from '../../../server/checkpoint/dtype'
import { writeSafetensors } from '../../../scripts/support/writeSafetensors'
import type { TensorToWrite } from '../../../scripts/support/writeSafetensors'

export interface MlxTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

export interface MlxJob {
  readonly op: 'dequantize' | 'quantize'
  readonly weight: MlxTensor
  readonly scales?: MlxTensor
  readonly biases?: MlxTensor
  readonly groupSize: number
  readonly bits: number
  readonly mode: string
}

export type MlxAnswer = { readonly error: string } | { readonly error: null; readonly made: readonly MlxTensor[] }

/** What MLX answers to each job. */
export function askMlx(python: string, jobs: readonly MlxJob[]): readonly MlxAnswer[] {
  const folder = mkdtempSync(join(tmpdir(), 'tensorlint-oracle-'))
  try {
    const tensors = jobs.flatMap((job, index) =>
      (['weight', 'scales', 'biases'] as const).flatMap((part): TensorToWrite[] => {
        const tensor = job[part]
        return tensor ? [{ name: `${index}.${part}`, ...tensor }] : []
      }),
    )
    writeFileSync(join(folder, 'in.safetensors'), writeSafetensors(tensors))
    const run = spawnSync(
      python,
      [join(__dirname, 'mlxOracle.py'), join(folder, 'in.safetensors'), join(folder, 'out.safetensors')],
      {
        input: JSON.stringify(jobs.map(({ op, groupSize, bits, mode }) => ({ op, groupSize, bits, mode }))),
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      },
    )
    if (run.status !== 0) throw new Error(`the oracle failed: ${run.stderr || run.error}`)
    const errors = JSON.parse(run.stdout) as (string | null)[]
    const made = readAll(readFileSync(join(folder, 'out.safetensors')))
    return errors.map((error, index) =>
      error === null ? { error, made: [0, 1, 2].flatMap(n => made.get(`${index}.${n}`) ?? []) } : { error },
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readAll(file: Buffer): ReadonlyMap<string, MlxTensor> {
  const begin = 8 + Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, begin)) as Record<
    string,
    { dtype: DType; shape: number[]; data_offsets: [number, number] }
  >
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => [name, { dtype, shape, data: new Uint8Array(file.subarray(begin + from, begin + to)) }],
      ),
  )
}
