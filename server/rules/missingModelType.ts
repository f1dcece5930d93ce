// A language model whose config.json is not there, or does not say which architecture it is: mlx-lm and transformers build
// a model by `model_type` before they open a shard. Said of whole models only, with embedding, layers and a last norm, that
// no program of the workspace loads; a few tensors in a file need no config.

import type { JsonFile, Model } from '../checkpoint/facts'
import { isSeenByMlxLm } from '../checkpoint/indexFit'
import { findProperty } from '../checkpoint/jsonFile'
import { ranksOf } from '../checkpoint/models'
import { anatomyOf } from '../quant/anatomy'
import { modelsNothingLoads } from './players'
import { defineRule } from './rule'
import { baseName, count, fileStart, rangeIn } from './show'

export const missingModelType = defineRule({
  id: 'missing-model-type',
  severity: 'error',
  title: 'Nothing says which architecture the model is',
  *check(facts) {
    for (const model of modelsNothingLoads(facts)) {
      if (!isWholeModel(model)) continue
      const [file] = model.configs
      if (!file) yield withoutConfig(model)
      else {
        const at = model.configs.length === 1 ? faultIn(file) : undefined
        if (at)
          yield {
            path: file.path,
            range: rangeIn(file, at.offset, at.offset + at.length),
            message: `${at.message}; mlx-lm and transformers stop before they open a shard`,
            tensors: [],
          }
      }
    }
  },
})

function isWholeModel(model: Model): boolean {
  if (ranksOf(model).length > 1 || !model.shards.some(shard => isSeenByMlxLm(model, shard))) return false
  const anatomy = anatomyOf(model)
  return anatomy?.embedding !== undefined && anatomy.norm !== undefined && anatomy.layers.size > 0
}

function withoutConfig(model: Model) {
  const anatomy = anatomyOf(model)
  return {
    path: model.shards[0]?.path ?? model.path,
    range: fileStart,
    severity: 'warning' as const,
    message: `there is no config.json in ${baseName(model.path)}, whose tensors are a language model of ${count(anatomy?.layers.size ?? 0, 'layer')}; mlx-lm and transformers stop without it, only a loader that knows the model can use the shards`,
    tensors: [],
  }
}

function faultIn({ root, text }: JsonFile): { offset: number; length: number; message: string } | undefined {
  // A component of a pipeline names its class instead.
  if (root?.type !== 'object' || findProperty(root, ['_class_name'])) return undefined
  const node = findProperty(root, ['model_type'])
  if (!node) return { offset: root.offset, length: 1, message: 'the config has no model_type' }
  if (node.type === 'string' && String(node.value).trim() !== '') return undefined
  const { offset, length } = node
  return {
    offset,
    length,
    message: `model_type is ${text.slice(offset, offset + Math.min(length, 40))}, expected a name`,
  }
}
