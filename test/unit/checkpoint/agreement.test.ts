// Whether our reader and the two real ones, the Rust reference (PyPI safetensors) and MLX's own, accept and refuse the
// same files. Every disagreement must be of a kind named here, with its reason.

import { expect, test } from 'vitest'
import type { Shard } from '../../../server/checkpoint/facts'
import { readShard } from '../../../server/checkpoint/shard'
import { bytesSource } from '../../../server/util/byteSource'
import { runPython, testPython } from '../../support/python'
import { mutated, randomFrom } from './mutations'

const files = 20_000
const seed = 20261125

/** Reads length-prefixed files from stdin; prints one line each: what Rust says, a tab, what MLX says; empty for accepted. */
const oracle = `
import io, json, struct, sys
import safetensors
try:
    import mlx.core as mx
except ImportError:
    mx = None
data = sys.stdin.buffer.read()
at, out = 0, []
while at < len(data):
    (n,) = struct.unpack_from("<I", data, at)
    file = data[at + 4:at + 4 + n]
    at += 4 + n
    said = [None, None]
    try:
        safetensors.deserialize(file)
    except Exception as error:
        said[0] = str(error)
    if mx is None:
        said[1] = "absent"
    else:
        try:
            mx.load(io.BytesIO(file), format="safetensors")
        except Exception as error:
            said[1] = type(error).__name__ + " " + str(error)
    out.append(said)
print(json.dumps(out))
`

interface Difference {
  readonly reader: 'rust' | 'mlx'
  readonly why: string
  readonly explains: (shard: Shard, theirWords: string | null) => boolean
}

/** Where we knowingly judge otherwise than a reader. */
const differences: readonly Difference[] = []

test(`${files} damaged files are accepted and refused as by the Rust reference and MLX`, async ({ skip }) => {
  if (!testPython()) skip('TENSORLINT_TEST_PYTHON names no interpreter with safetensors and MLX')
  const random = randomFrom(seed)
  const all = Array.from({ length: files }, () => mutated(random))
  const input = Buffer.concat(
    all.flatMap(file => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(file.length)
      return [length, file]
    }),
  )
  const said = JSON.parse(runPython(oracle, input)) as [string | null, string | null][]
  const unexplained: string[] = []
  const accepted = { rust: 0, mlx: 0 }
  for (const [i, file] of all.entries()) {
    const shard = await readShard('a.safetensors', bytesSource(file))
    for (const [which, reader] of (['rust', 'mlx'] as const).entries()) {
      const theirs = said[i]?.[which] ?? null
      if (theirs === 'absent') continue
      if (theirs === null) accepted[reader]++
      const ours = shard.problems.some(problem => problem.refusedBy[reader])
      if (ours === (theirs !== null)) continue
      if (differences.some(each => each.reader === reader && each.explains(shard, theirs))) continue
      unexplained.push(
        `${reader} says ${theirs ?? 'yes'}, we say ${JSON.stringify(shard.problems)} of ${JSON.stringify(file.toString('latin1'))}`,
      )
    }
  }
  expect(unexplained).toEqual([])
  // The mutations must not be so harsh that agreement is trivial.
  expect(accepted.rust).toBeGreaterThan(files / 20)
  expect(accepted.rust).toBeLessThan(files / 2)
}, 120_000)
