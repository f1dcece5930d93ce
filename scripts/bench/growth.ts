// No path explosion: generated loaders of 100 to 20,000 lines, analysed cold. The time for each line may not grow with the
// length of the file; a fixed part, which the first row carries most of, is left out by comparing the longest with a tenth of it.

import { readJsonFile } from '../../server/checkpoint/jsonFile'
import { groupModels } from '../../server/checkpoint/models'
import { readShard } from '../../server/checkpoint/shard'
import { analyse } from '../../server/engine'
import { loadGrammars } from '../../server/source/grammars'
import { lowerProgram } from '../../server/source/index'
import { bytesSource } from '../../server/util/byteSource'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { writeSafetensors } from '../support/writeSafetensors'
import type { Row } from './row'

const lengths = [100, 1_000, 2_000, 20_000] as const
const rounds = 3
const layers = 24

/** Analyses one loader of each length. */
export async function benchGrowth(): Promise<readonly Row[]> {
  await loadGrammars(readGrammar)
  const shard = await readShard('/w/model/model.safetensors', bytesSource(checkpoint()))
  const config = readJsonFile('/w/model/config.json', JSON.stringify({ model_type: 'tiny', num_hidden_layers: layers }))
  const models = groupModels({ shards: [shard], configs: [config], indexes: [] })
  const times = new Map<number, number>()
  for (const length of lengths) {
    let best = Infinity
    for (let round = 0; round < rounds; round++) {
      // Another text each time: nothing of the round before may be found again.
      const text = `# round ${round}\n${loader(length)}`
      const began = performance.now()
      const program = lowerProgram('/w/loader.py', text)
      analyse({ folders: ['/w'], models, programs: program ? [program] : [] })
      best = Math.min(best, performance.now() - began)
    }
    times.set(length, best)
  }
  const shown = lengths.map(length => `${length}: ${times.get(length)?.toFixed(0)} ms`).join(', ')
  return [
    {
      name: `a generated loader of 20,000 lines against ten of 2,000 (${shown})`,
      value: (times.get(20_000) ?? NaN) / (10 * (times.get(2_000) ?? NaN)),
      unit: 'x',
      limit: 1.1,
      direction: 'at most',
    },
  ]
}

/** Functions that branch, loop and call one another, as a long loader's do. */
function loader(lines: number): string {
  const text = ['import mlx.core as mx', '', 'weights = mx.load("model/model.safetensors")', '']
  for (let i = 0; text.length < lines; i++) {
    const layer = i % layers
    text.push(
      `def decode_${i}(weights, flag):`,
      `    prefix = f"layers.${layer}.proj"`,
      '    if flag:',
      '        w = weights[prefix + ".weight"]',
      '    else:',
      '        w = weights[f"{prefix}.weight"]',
      '    s, b = weights[prefix + ".scales"], weights[prefix + ".biases"]',
      '    for _ in range(2):',
      '        full = mx.dequantize(w, s, b, group_size=64, bits=4)',
      ...(i === 0 ? ['    return full', ''] : [`    return full + decode_${i - 1}(weights, flag)`, '']),
      ...(i % 8 === 7 ? ['', `total_${i} = decode_${i % 40}(weights, True)`, ''] : []),
    )
  }
  return `${text.slice(0, lines).join('\n')}\n`
}

function checkpoint(): Uint8Array {
  const tensor = (name: string, dtype: 'U32' | 'F16', shape: readonly [number, number], bytes: number) => ({
    name,
    dtype,
    shape,
    data: new Uint8Array(shape[0] * shape[1] * bytes),
  })
  return writeSafetensors(
    Array.from({ length: layers }, (_, i) => [
      tensor(`layers.${i}.proj.weight`, 'U32', [64, 16], 4),
      tensor(`layers.${i}.proj.scales`, 'F16', [64, 2], 2),
      tensor(`layers.${i}.proj.biases`, 'F16', [64, 2], 2),
    ]).flat(),
  )
}
