// The bundled worker, started as the product starts it, against a real MLX. Without an interpreter that has one these
// tests are skipped; the test script says why there is none.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeSafetensors, type TensorToWrite } from '../../../scripts/support/writeSafetensors'
import type { ArrayOp, DeliveredTensor, DequantizeJob, VerifyItem, VerifyReport } from '../../../server/protocol'
import { launchWorker } from '../../../server/worker/interpreter'
import { defaultLimits, MlxWorker } from '../../../server/worker/mlxWorker'
import { verifyModules, type VerifyOptions } from '../../../server/worker/verify'
import { testPython } from '../../support/python'

const python = testPython()
const workerScript = path.resolve('server/python/worker.py')
let folder = ''

beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'tensorlint-mlx-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** 4-bit g64, two rows of 64: every element is 3, scale 0.5, bias 1, so every value is 2.5. Optionally transposed. */
function triple(transposed: boolean): TensorToWrite[] {
  const shape = (columns: number): number[] => (transposed ? [columns, 2] : [2, columns])
  const half = (bits: number): Uint8Array => new Uint8Array(new Uint16Array([bits, bits]).buffer)
  return [
    { name: 'w', dtype: 'U32', shape: shape(8), data: new Uint8Array(64).fill(0x33) },
    { name: 's', dtype: 'F16', shape: shape(1), data: half(0x3800) },
    { name: 'b', dtype: 'F16', shape: shape(1), data: half(0x3c00) },
  ]
}

/** Writes the tensors into a file and returns the job that reads them from there. */
function jobFor(name: string, tensors: readonly TensorToWrite[], ops: readonly ArrayOp[] = []): DequantizeJob {
  const file = path.join(folder, `${name}.safetensors`)
  const bytes = writeSafetensors(tensors)
  writeFileSync(file, bytes)
  let at = bytes.length - tensors.reduce((sum, tensor) => sum + tensor.data.length, 0)
  const delivered = tensors.map(({ name, dtype, shape, data }): DeliveredTensor => {
    const beginBytes = at
    at += data.length
    return { name, path: file, dtype, shape, beginBytes, endBytes: at, ops }
  })
  const [weight, scales, biases] = delivered
  if (!weight || !scales) throw new Error('a job has a weight and scales')
  return { weight, scales, biases, groupSize: 64, bits: 4, mode: 'affine' }
}

function verify(items: readonly VerifyItem[], changed: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return verifyModules(items, {
    engine: 'mlx',
    python: python ?? '',
    trusted: true,
    workerScript,
    open: () => Promise.reject(new Error('MLX reads for itself')),
    runBuiltin: () => Promise.reject(new Error('MLX was asked for')),
    ...changed,
  })
}

describe.skipIf(!python)('the bundled worker', () => {
  it('verifies as delivered and after the fix', async () => {
    const turn: readonly ArrayOp[] = [{ op: 'transpose', axes: [1, 0] }, { op: 'contiguous' }]
    const broken = jobFor('broken', triple(true))
    const fixed = jobFor('broken', triple(true), turn)
    const report = await verify([{ module: 'proj', path: broken.weight.path, job: broken, afterFix: fixed }])
    expect(report).toMatchObject({ engine: 'mlx', mlxVersion: expect.stringMatching(/^\d+\.\d+/) })
    expect(report.notice).toBeUndefined()
    expect(report.modules).toMatchObject([
      {
        module: 'proj',
        status: 'error',
        error: '[dequantize] Shape of scales and biases does not match the matrix',
        sha256: null,
        afterFix: { status: 'ok', shape: [2, 64], dtype: 'float16', min: 2.5, max: 2.5, mean: 2.5, nan: 0, inf: 0 },
      },
    ])
  })

  it('goes on after the process is killed from outside in the middle of a module', async () => {
    const worker = new MlxWorker(launchWorker(python ?? '', workerScript), defaultLimits)
    const large = 1 << 20
    const job = jobFor('large', [
      { name: 'w', dtype: 'U32', shape: [large, 8], data: new Uint8Array(large * 32) },
      { name: 's', dtype: 'F16', shape: [large, 1], data: new Uint8Array(large * 2) },
      { name: 'b', dtype: 'F16', shape: [large, 1], data: new Uint8Array(large * 2) },
    ])
    try {
      expect(await worker.start()).toMatchObject({ ok: true })
      const outcome = worker.dequantize(job)
      setTimeout(() => process.kill(worker.pid ?? 0, 'SIGKILL'), 20)
      expect(await outcome).toMatchObject({ ok: false, kind: 'lost' })
      expect(await worker.dequantize(jobFor('small', triple(false)))).toMatchObject({ ok: true, result: { mean: 2.5 } })
    } finally {
      worker.dispose()
    }
  })

  it('imports nothing of the workspace, whatever the environment says', async () => {
    const attacked = path.join(folder, 'attacked')
    const attack = `open(${JSON.stringify(attacked)}, 'w').close()\n`
    for (const name of ['json.py', 'sitecustomize.py', 'mlx.py', 'checks.py'])
      writeFileSync(path.join(folder, name), attack)
    const env = { ...process.env, PYTHONPATH: folder, PYTHONSTARTUP: path.join(folder, 'json.py') }
    const launch = launchWorker(python ?? '', workerScript, env)
    const report = await verify([{ module: 'm', path: '', job: jobFor('safe', triple(false)) }], { launch })
    expect(report.modules).toMatchObject([{ status: 'ok' }])
    expect(existsSync(attacked)).toBe(false)
  })

  it('leaves no bytecode in its folder', () => {
    const names = readdirSync(path.dirname(workerScript), { recursive: true }).map(String)
    expect(names.filter(name => name.includes('__pycache__'))).toEqual([])
  })
})
