// config.json names an architecture whose layers are not those that are stored. Both loaders build the model that is named:
// mlx-lm then refuses the weights, transformers leaves what does not fit aside, fills what it misses at random, and goes on.

import type { JSONPath } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'
import { isSeenByMlxLm } from '../checkpoint/indexFit'
import { isLanguageModel } from '../quant/modelClass'
import { type OtherType, otherTypeOf } from '../quant/otherTypes'
import { sectionOf } from '../quant/sizes'
import { isComplete } from './configHarm'
import { modelsToBuild } from './players'
import { defineRule } from './rule'
import { fileStart, rangeIn } from './show'

export const mismatchedModelType = defineRule({
  id: 'mismatched-model-type',
  severity: 'error',
  title: 'The layers that are stored are not those of model_type',
  *check(facts) {
    for (const { model, file } of modelsToBuild(facts)) {
      // Code of its own builds what the type does not say.
      const isOwn = findProperty(file.root, ['auto_map']) !== undefined
      if (
        isOwn ||
        !model.shards.some(shard => isSeenByMlxLm(model, shard)) ||
        !isComplete(model) ||
        !isLanguageModel(file)
      )
        continue
      const other = otherTypeOf(model, file)
      const at = other && typeNode(file)
      if (!at) continue
      const [shard] = model.shards
      yield {
        path: file.path,
        range: rangeIn(file, at.offset, at.offset + at.length),
        message: said(other),
        tensors: [],
        because: shard ? [{ path: shard.path, range: fileStart, message: 'the layers are stored here' }] : [],
      }
    }
  },
})

function said({ type, absent, extra, foreign, fitting }: OtherType): string {
  const is = (parts: readonly string[]) => (parts.length === 1 ? 'is' : 'are')
  const found = [
    ...(absent.length > 0 ? [`no layer has ${list(absent)}, which all layers of a ${type} have`] : []),
    ...(extra.length > 0
      ? [`${list(extra)} ${is(extra)} stored, which layers of a ${type} do not have`]
      : foreign.length > 0
        ? [`stored ${is(foreign)} ${list(foreign)}`]
        : []),
  ]
  const others = fitting.length > 0 && fitting.length <= 6 ? `; just these are the modules of ${either(fitting)}` : ''
  return `model_type is ${type}; ${found.join('; ')}${others}; mlx-lm refuses the weights, transformers goes on with ${absent.length > 0 ? 'random values for what it misses' : 'what it knows and leaves the rest out'}`
}

const most = 4

const list = (parts: readonly string[]): string =>
  parts.length > most ? `${parts.slice(0, most - 1).join(', ')} and ${parts.length - most + 1} more` : parts.join(', ')

const either = (types: readonly string[]): string =>
  types.length === 1 ? `a ${types[0]}` : `${types.slice(0, -1).join(', ')} or ${types.at(-1)}`

function typeNode(file: JsonFile) {
  const inner: JSONPath = [...(sectionOf(file, 'text') ?? []), 'model_type']
  return findProperty(file.root, inner) ?? findProperty(file.root, ['model_type'])
}
