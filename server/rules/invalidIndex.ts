// An index that does not parse, or whose parts have the wrong type. mlx-lm does not read it; transformers stops.

import type { JsonFile } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'
import { indexFitOf } from '../checkpoint/indexFit'
import type { IndexFault } from '../checkpoint/indexReader'
import { playersOf, severityOf } from './players'
import { defineRule } from './rule'
import { count, rangeIn } from './show'

export const invalidIndex = defineRule({
  id: 'invalid-index',
  severity: 'error',
  title: 'The index of the shards cannot be used',
  *check(facts) {
    for (const model of facts.models) {
      const { index: file } = model
      const index = indexFitOf(model)?.index
      if (!file) continue
      const first = faultOf(file, index?.faults ?? []) ?? (index?.count === 0 ? emptyMap(file) : undefined)
      if (!first) continue
      yield {
        path: file.path,
        range: rangeIn(file, first.offset, first.offset + first.length),
        severity: severityOf(playersOf(facts, model), ['transformers']),
        message: `${first.message}; transformers and other loaders that go by the index stop there, mlx-lm does not read it`,
        tensors: [],
      }
    }
  },
})

/** The full parser makes a tree, which a large index is spared unless the reader has met something. */
const maxToParse = 1_000_000

function faultOf(
  file: JsonFile,
  faults: readonly IndexFault[],
): { offset: number; length: number; message: string } | undefined {
  const isBroken = faults.some(({ kind }) => kind === 'not-json')
  const problem = isBroken || file.bytes.length <= maxToParse ? file.problems[0] : undefined
  if (problem) return problem
  const [fault] = faults
  if (!fault) return undefined
  const { offset, length, count: times } = fault
  const text = file.text.slice(offset, offset + Math.min(length, 40))
  switch (fault.kind) {
    case 'not-json':
      return { offset, length, message: 'the index is not valid JSON' }
    case 'not-an-object':
      return { offset, length, message: `the index is ${text}, expected an object with "weight_map"` }
    case 'no-weight-map':
      return { offset, length, message: 'the index has no object "weight_map", which says what file a tensor is in' }
    case 'no-metadata':
      return {
        offset,
        length,
        message: 'the index has no object "metadata" (it may be {}): transformers raises KeyError',
      }
    case 'not-a-file-name':
      return {
        offset,
        length,
        message: `"weight_map" has ${text} where a file name is expected${times > 1 ? ` (${count(times, 'value')} in all)` : ''}`,
      }
  }
}

function emptyMap(file: JsonFile) {
  const { offset, length } = findProperty(file.root, ['weight_map']) ?? { offset: 0, length: 0 }
  return { offset, length, message: '"weight_map" is empty: no tensor has a file' }
}
