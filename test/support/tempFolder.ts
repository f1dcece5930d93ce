// A folder on disk for tests of discovery, sessions and commands: made from a table of files, removed after the test.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DType } from '../../server/checkpoint/dtype'
import { writeSafetensors } from '../../scripts/support/writeSafetensors'
import { dtypeBits } from '../../server/checkpoint/dtype'

export type FileTable = Readonly<Record<string, string | Uint8Array>>

/** Writes the files below a fresh folder and gives its real path. */
export function tempFolder(files: FileTable = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tensorlint-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFiles(folder, files)
  return folder
}

export function writeFiles(folder: string, files: FileTable): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** A shard of zeros: names with dtype and stored shape. */
export function zeros(
  tensors: Readonly<Record<string, readonly [DType, ...number[]]>>,
  metadata?: Record<string, string>,
): Uint8Array {
  return writeSafetensors(
    Object.entries(tensors).map(([name, [dtype, ...shape]]) => ({
      name,
      dtype,
      shape,
      data: new Uint8Array((shape.reduce((a, b) => a * b, 1) * dtypeBits[dtype]) / 8),
    })),
    metadata,
  )
}

/** The three tensors of an affine weight, as MLX stores them. */
export function triple(module: string, rows: number, columns: number, bits = 4, groupSize = 64) {
  return {
    [`${module}.weight`]: ['U32', rows, (columns * bits) / 32],
    [`${module}.scales`]: ['F16', rows, columns / groupSize],
    [`${module}.biases`]: ['F16', rows, columns / groupSize],
  } as const satisfies Record<string, readonly [DType, ...number[]]>
}
