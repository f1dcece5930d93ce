// vocab_size against the rows of the embedding and of the head. More rows than the vocabulary, up to a round number, are
// padding that somebody added for speed; a loader that builds its table by vocab_size refuses it all the same.

import { ranksOf } from '../checkpoint/models'
import type { JsonFile, Model } from '../checkpoint/facts'
import { anatomyOf, type Part } from '../quant/anatomy'
import { familyOf } from '../quant/families'
import { modelTypes } from '../quant/mlxLm'
import { stated, type Stated } from '../quant/sizes'
import { findProperty } from '../checkpoint/jsonFile'
import { replaceNode } from './configEdits'
import { severityFor } from './configHarm'
import { defineRule, type Draft, type Facts } from './rule'
import { fileStart, rangeIn, showTensor } from './show'

export const vocabularyMismatch = defineRule({
  id: 'vocabulary-mismatch',
  severity: 'error',
  title: 'vocab_size contradicts the embedding',
  *check(facts) {
    for (const model of facts.models) {
      const [file] = model.configs
      if (!file || model.configs.length > 1 || ranksOf(model).length > 1 || !familyOf(file)) continue
      const anatomy = anatomyOf(model)
      const number = vocabulary(file)
      if (!anatomy || !number) continue
      const parts = [anatomy.embedding, anatomy.head].flatMap(part => (part?.shape.length === 2 ? [part] : []))
      if (parts.some(part => part.shape[0] !== number.value)) yield draft(facts, model, file, number, parts)
    }
  },
})

/** Wrappers of Gemma take the number from the top level, where it stands there. */
function vocabulary(file: JsonFile): Stated | undefined {
  const isGemma = /^gemma(3|4|4_unified)$/.test(modelTypes(file).top ?? '')
  const node = isGemma ? findProperty(file.root, ['vocab_size']) : undefined
  if (node?.type === 'number') return { value: Number(node.value), node, name: 'vocab_size', path: ['vocab_size'] }
  return stated(file, 'text', 'vocab_size')
}

function draft(facts: Facts, model: Model, file: JsonFile, number: Stated, parts: readonly Part[]): Draft {
  const all = parts.map(part => part.shape[0] ?? 0)
  const [rows = 0] = all
  const isSame = all.every(each => each === rows)
  const isPadding = isSame && rows > number.value && rows % 64 === 0 && rows - number.value < 4096
  const stored = parts.map(part => `${part.path}.weight ${showTensor(part.stored.tensor)}`).join(' and ')
  const refused = `mlx-lm and transformers build tables of ${number.value} rows and refuse others`
  return {
    path: file.path,
    range: rangeIn(file, number.node.offset, number.node.offset + number.node.length),
    severity: isPadding ? 'warning' : severityFor(facts, model, true),
    message: isPadding
      ? `${number.name} is ${number.value}, but ${stored} ${all.length === 1 ? 'has' : 'have'} ${rows} rows: ${rows - number.value} more, padding to a multiple of 64; ${refused}, MLX Swift too; a loader that trims the table is right`
      : `${number.name} is ${number.value}, but ${stored} ${all.length === 1 ? 'has' : 'have'} ${all.length === 1 || isSame ? rows : all.join(' and ')} rows; ${refused}`,
    tensors: parts.map(part => part.stored.tensor.name),
    because: parts.map(({ stored: { shard, tensor } }) => ({
      path: shard.path,
      range: fileStart,
      message: `${tensor.name} is stored ${showTensor(tensor)}`,
      tensor: tensor.name,
    })),
    fixes: isSame
      ? [
          {
            title: `Change ${number.name} to ${rows}`,
            kind: 'needs-a-look',
            edits: [replaceNode(file, number.node, String(rows))],
          },
        ]
      : [],
  }
}
