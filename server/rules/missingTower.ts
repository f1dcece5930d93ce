// A config that describes a vision or audio tower of which no tensor is stored: a model converted for its text alone. mlx-lm
// loads it, loaders of whole models do not. Any name that could be a tower's counts as one, whatever the family calls it.

import type { JSONPath } from 'jsonc-parser'
import type { JsonFile, Model } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'
import { ranksOf } from '../checkpoint/models'
import { anatomyOf } from '../quant/anatomy'
import { isComplete } from './configHarm'
import { defineRule, eachModel } from './rule'
import { fileStart, rangeIn } from './show'

const towers: readonly { readonly key: JSONPath; readonly noun: string; readonly names: RegExp }[] = [
  { key: ['vision_config'], noun: 'vision', names: /vis|vit|image|img|patch|siglip|clip|resampl|pixel|video/i },
  { key: ['audio_config'], noun: 'audio', names: /audio|speech|whisper|sound|wav|mel|conformer|codec/i },
]

export const missingTower = defineRule({
  id: 'missing-tower',
  severity: 'warning',
  title: 'config.json describes a tower that is not stored',
  check: eachModel(function* (model) {
    const [file] = model.configs
    if (!file || model.configs.length > 1 || ranksOf(model).length > 1 || !isComplete(model)) return
    if (!anatomyOf(model)?.layers.size) return
    for (const { key, noun, names } of towers) {
      const at = describedAt(file, key)
      if (!at || isStored(model, names)) continue
      yield {
        path: file.path,
        range: rangeIn(file, at.offset, at.offset + at.length),
        message: `${key.join('.')} describes ${noun === 'audio' ? 'an' : 'a'} ${noun} tower, and no tensor of one is stored; mlx-lm loads the language model alone, mlx-vlm stops with "Missing parameters", transformers fills the tower at random`,
        tensors: [],
        because: model.shards
          .slice(0, 1)
          .map(shard => ({ path: shard.path, range: fileStart, message: 'only a language model is stored' })),
      }
    }
  }),
})

/** The key of a section that gives sizes; an empty one, or null, describes nothing. */
function describedAt(file: JsonFile, path: JSONPath) {
  const node = findProperty(file.root, path)
  const hasSizes = node?.children?.some(property => property.children?.[1]?.type === 'number') ?? false
  return node?.type === 'object' && hasSizes ? node.parent?.children?.[0] : undefined
}

/** Tensors that are alike have names that are alike: one of each will do. */
const isStored = ({ shards }: Model, names: RegExp) =>
  shards.some(({ tensors }) => tensors.families().some(({ sample }) => names.test(sample)))
