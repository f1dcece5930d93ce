// The Python that tests use as an oracle: the environment names it, because the tests install nothing themselves.

import { spawnSync } from 'node:child_process'

/** The interpreter with safetensors, numpy and MLX, or undefined: such tests are then reported as skipped. */
export function testPython(): string | undefined {
  return process.env.TENSORLINT_TEST_PYTHON || undefined
}

/** Runs a program text with the test interpreter and gives what it printed. Throws where it fails. */
export function runPython(program: string, input: Uint8Array | string, args: readonly string[] = []): string {
  const python = testPython()
  if (!python) throw new Error('TENSORLINT_TEST_PYTHON is not set')
  const { status, stdout, stderr } = spawnSync(python, ['-c', program, ...args], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  if (status !== 0) throw new Error(`${python} ended with ${status}: ${stderr}`)
  return stdout
}
