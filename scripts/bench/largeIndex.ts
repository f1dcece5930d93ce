// An index of half a million entries, read into numbers, against JSON.parse of the same bytes; in turns, the best of
// several rounds. It is never on a disk: what is measured is the reading.

import { readJsonFile } from '../../server/checkpoint/jsonFile'
import { readShardIndex } from '../../server/checkpoint/shardIndex'
import type { Row } from './row'

const rounds = 9
const entries = 500_000
const shards = 900

/** How long half a million entries take. */
export function benchLargeIndex(): readonly Row[] {
  const bytes = largeIndex()
  let [ours, parse] = [Infinity, Infinity]
  for (let round = 0; round < rounds; round++) {
    let began = performance.now()
    const { weight_map: map } = JSON.parse(bytes.toString('utf8')) as { weight_map: Record<string, string> }
    parse = Math.min(parse, performance.now() - began)
    began = performance.now()
    const index = readShardIndex(readJsonFile('/m/model.safetensors.index.json', bytes))
    const named = index.files.reduce((sum, file) => sum + index.numbersOf(file).length, 0)
    ours = Math.min(ours, performance.now() - began)
    if (named !== entries || map[index.nameAt(entries - 1)] === undefined) throw new Error('the index is not all there')
  }
  return [
    {
      name: `an index of ${entries} entries against JSON.parse (${ours.toFixed(0)} ms, ${parse.toFixed(0)} ms)`,
      value: ours / parse,
      unit: 'x',
      limit: 0.5,
      direction: 'at most',
    },
  ]
}

/** As transformers writes it: sorted, indented by two. */
function largeIndex(): Buffer {
  const names: string[] = []
  for (let layer = 0; names.length < entries; layer++)
    for (let expert = 0; expert < 1024; expert++)
      for (const part of ['down_proj', 'gate_proj', 'up_proj'])
        for (const member of ['weight', 'weight_scale_inv'])
          if (names.length < entries) names.push(`model.layers.${layer}.mlp.experts.${expert}.${part}.${member}`)
  const file = (i: number) =>
    `model-${String(Math.floor((i / entries) * shards) + 1).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}.safetensors`
  const map = Object.fromEntries(names.map((name, i) => [name, file(i)] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
  return Buffer.from(JSON.stringify({ metadata: { total_size: entries }, weight_map: map }, null, 2))
}
