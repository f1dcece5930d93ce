// Names with something in front that no loader takes off, or without what every loader looks for: a state dict that was
// saved out of a wrapper, the text model of a larger one saved with the larger one's names, names that were cut. Nothing in a
// tensor is wrong, and not one is found.

import type { JsonFile, Model } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'
import { moduleKinds } from '../checkpoint/moduleKinds'
import { isLanguageModel } from '../quant/modelClass'
import { modelTypes } from '../quant/mlxLm'
import { oddPrefix, wrappingOf } from '../quant/prefixes'
import { modelsToBuild } from './players'
import { defineRule, type Draft } from './rule'
import { count, fileStart } from './show'

export const foreignPrefix = defineRule({
  id: 'foreign-prefix',
  severity: 'error',
  title: 'The names of the tensors do not begin as loaders expect',
  *check(facts) {
    for (const { model, file } of modelsToBuild(facts)) {
      const type = modelTypes(file).top
      if (type === undefined) continue
      const said = wrapped(model) ?? misnamed(model, file, type)
      if (said) yield { path: model.shards[0]?.path ?? model.path, range: fileStart, tensors: [], ...said }
    }
  },
})

type Said = Pick<Draft, 'message' | 'severity'>

const lost = 'mlx-lm stops with "Received parameters not in model", transformers fills all of them at random'

function wrapped(model: Model): Said | undefined {
  const found = wrappingOf(model)
  if (!found) return undefined
  const { prefix, by, isEverywhere } = found
  const many = model.shards.reduce((n, { tensors }) => n + tensors.count, 0)
  return {
    message: isEverywhere
      ? `every name begins with ${prefix} (${count(many, 'tensor')}), which ${by} ${by.includes(' and ') ? 'put' : 'puts'} there: no loader takes that off; ${lost}; save the model that is inside of the wrapper, or take ${prefix} off the names`
      : `names have ${prefix} in them, which ${by} puts there: no loader takes that out; mlx-lm stops with "Received parameters not in model", transformers fills what it misses at random; save the model that is inside of the wrapper, or take ${prefix} out of the names`,
  }
}

function misnamed(model: Model, file: JsonFile, type: string): Said | undefined {
  // Of a model with parts of several kinds each family knows other names.
  const isText = ['text_config', 'llm_config', 'language_config', 'thinker_config'].every(
    key => findProperty(file.root, [key]) === undefined,
  )
  if (!isText || !isLanguageModel(file)) return undefined
  const prefix = oddPrefix(model, type)
  if (prefix === undefined) return undefined
  const found = `the layers of this ${type} stand under ${prefix}layers, where loaders look for model.layers`
  if (prefix !== '' && prefix !== 'model.model.') return { message: `${found}; ${lost}` }
  // Embedders and drafts are saved without a prefix, and without a head.
  const hasHead = moduleKinds(model).some(({ pattern }) => /(^|\.)lm_head$/.test(pattern))
  if (prefix === '' && !hasHead) return undefined
  return {
    severity: model.kind === 'mlx' ? 'error' : 'warning',
    message: `${found}; mlx-lm stops with "Received parameters not in model", transformers takes them`,
  }
}
