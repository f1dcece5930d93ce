// tie_word_embeddings against the head that is stored. Tied, the model has no head of its own and a strict loader refuses
// one; untied, it needs one, and transformers fills a missing one at random without an error. What mlx-lm does with a stored
// head of a tied model differs by model (families.ts).

import type { JSONPath, Node } from 'jsonc-parser'
import { ranksOf } from '../checkpoint/models'
import type { JsonFile, Model } from '../checkpoint/facts'
import type { Fix } from '../protocol'
import { type Anatomy, anatomyOf } from '../quant/anatomy'
import { familyOf, type Known } from '../quant/families'
import { modelTypes } from '../quant/mlxLm'
import { isLanguageModel } from '../quant/modelClass'
import { flag, sectionOf } from '../quant/sizes'
import { replaceNode, rewrite } from './configEdits'
import { isComplete, isLeftOut, severityFor } from './configHarm'
import { defineRule, type Draft, type Facts } from './rule'
import { rangeIn } from './show'

interface Flag {
  readonly value: boolean
  readonly node: Node
  readonly name: string
}

export const tiedEmbeddings = defineRule({
  id: 'tied-embeddings-mismatch',
  severity: 'error',
  title: 'tie_word_embeddings contradicts the stored head',
  *check(facts) {
    for (const model of facts.models) {
      const [file] = model.configs
      if (!file || model.configs.length > 1 || ranksOf(model).length > 1) continue
      const anatomy = modelTypes(file).top === undefined ? undefined : anatomyOf(model)
      if (!anatomy?.embedding) continue
      const known = familyOf(file)
      const section = sectionOf(file, 'text') ?? []
      const top = flagAt(file, ['tie_word_embeddings'])
      const inner = section.length > 0 ? flagAt(file, [...section, 'tie_word_embeddings']) : undefined
      const found =
        anatomy.headParameters.length > 0
          ? known && storedHead(facts, model, known, anatomy, inner ?? top)
          : // Without a prefix it was saved as the inside of a model, by those who make embeddings of texts.
            anatomy.prefix !== '' && isComplete(model) && isLanguageModel(file)
            ? (disagreement(model, top, inner) ?? (known && missingHead(facts, model, known, inner ?? top)))
            : undefined
      if (found)
        yield { path: file.path, ...found, range: rangeIn(file, found.at.offset, found.at.offset + found.at.length) }
    }
  },
})

type Found = Omit<Draft, 'path' | 'range'> & { readonly at: Node }

function flagAt(file: JsonFile, path: JSONPath): Flag | undefined {
  const found = flag(file, path)
  return found && { ...found, name: path.join('.') }
}

/** A head is stored and the embeddings are said to be tied. */
function storedHead(
  facts: Facts,
  model: Model,
  { family, type }: Known,
  anatomy: Anatomy,
  tied: Flag | undefined,
): Found | undefined {
  if (!tied?.value) return undefined
  const { headParameters, head } = anatomy
  const path = head?.path ?? 'lm_head'
  const names = headParameters.map(parameter => `${path}.${parameter}`)
  const left = headParameters.filter(parameter => parameter === 'scales' || parameter === 'biases')
  const said = `${tied.name} is true, but ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} stored`
  const tensors = names
  if (family.tiedHead === 'uses' || family.tiedHead === undefined || isLeftOut(facts, model, names)) return undefined
  if (family.tiedHead === 'drops' && left.length === 0)
    return {
      at: tied.node,
      severity: 'information',
      message: `${said}; current mlx-lm drops it for ${type}, as transformers does, older versions stop with "Received 1 parameters not in model"; whether it equals the embedding only its values tell`,
      tensors,
    }
  const refused = family.tiedHead === 'drops' ? left.length : headParameters.length
  return {
    at: tied.node,
    severity: severityFor(facts, model, true),
    message: `${said}; mlx-lm ${family.tiedHead === 'drops' ? 'drops only the weight' : `does not drop it for ${type}`} and stops with "Received ${refused} parameters not in model"; a head of its own means that the embeddings are not tied`,
    tensors,
    fixes: [setFlag(model, tied, false)],
  }
}

/** No head is stored, and whether that is right depends on where a loader looks. */
function disagreement(model: Model, top: Flag | undefined, inner: Flag | undefined): Found | undefined {
  if (!inner) return undefined
  if (top && inner.value !== top.value) {
    const [wrong, right] = inner.value ? [top, inner] : [inner, top]
    // transformers goes by the top level, and ties what was saved so.
    if (top.value && model.kind === 'huggingface')
      return {
        at: wrong.node,
        severity: 'information',
        message: `${wrong.name} is false, ${right.name} is true, and no lm_head is stored; transformers goes by the top level and ties, a loader that builds the language model from its own section, as mlx-lm and mlx-vlm do, stops with "Missing 1 parameters: lm_head.weight"`,
        tensors: [],
        fixes: [setFlag(model, wrong, true)],
      }
    return {
      at: wrong.node,
      severity: 'warning',
      message: `${wrong.name} is false, ${right.name} is true, and no lm_head is stored; a loader that asks the first builds a head that no weight fills: transformers fills it at random and says nothing, MLX's loaders stop with "Missing 1 parameters: lm_head.weight"`,
      tensors: [],
      fixes: [setFlag(model, wrong, true)],
    }
  }
  // mlx-lm takes the flag from text_config; others, and whatever is nested deeper, go by the top level.
  const isRead = model.kind === 'mlx' && inner.name.split('.').length === 2
  if (top || !inner.value || isRead) return undefined
  return {
    at: inner.node,
    severity: model.kind === 'mlx' ? 'information' : 'warning',
    message: `${inner.name} is true, the top level says nothing, and no lm_head is stored; a loader that asks only the top level builds a head that no weight fills: transformers then fills it at random and says nothing`,
    tensors: [],
    fixes: [writeTop(model)],
  }
}

/** No head is stored, though the embeddings are said not to be tied. */
function missingHead(facts: Facts, model: Model, { family, type }: Known, said: Flag | undefined): Found | undefined {
  // Some loaders take the head's absence itself for the sign.
  if (!said || said.value || family.tiedHead === 'uses' || family.tiedHead === undefined) return undefined
  return {
    at: said.node,
    severity: severityFor(facts, model, true),
    message: `${said.name} is false, but no lm_head is stored; mlx-lm stops with "Missing 1 parameters: lm_head.weight" for ${type}, transformers fills the head at random and says nothing`,
    tensors: [],
    fixes: [setFlag(model, said, true)],
  }
}

function writeTop(model: Model): Fix {
  const [file] = model.configs
  const root = file?.root
  return {
    title: 'Write tie_word_embeddings: true at the top level',
    kind: 'needs-a-look',
    edits: file && root ? [rewrite(file, root, [{ path: ['tie_word_embeddings'], value: true }])] : [],
  }
}

function setFlag(model: Model, { node, name }: Flag, value: boolean): Fix {
  const [file] = model.configs
  return {
    title: `Set ${name} to ${value}`,
    kind: 'needs-a-look',
    edits: file ? [replaceNode(file, node, String(value))] : [],
  }
}
