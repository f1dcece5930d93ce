// A quantization block of MLX's kind, but not one packed weight: left over from before the weights were dequantized, or
// copied from another checkpoint. Whom it hurts depends on the entries of single modules and on the tool.

import type { Model } from '../checkpoint/facts'
import { modulesOf, splitName } from '../checkpoint/modules'
import type { Fix, Severity } from '../protocol'
import { type QuantizationConfig, quantizationConfigs } from '../quant/config'
import { loaderPaths } from '../quant/loaderPaths'
import { quantizedKinds } from '../quant/quantizedModules'
import { rewrite } from './configEdits'
import { isComplete, severityFor } from './configHarm'
import { defineRule, type Facts } from './rule'
import { foldNames, rangeIn } from './show'

export const leftoverQuantization = defineRule({
  id: 'leftover-quantization-config',
  severity: 'warning',
  title: 'config.json speaks of quantization, but nothing is packed',
  *check(facts) {
    for (const model of facts.models)
      for (const file of model.configs) {
        const blocks = quantizationConfigs(file)
        const [block] = blocks
        if (!block || !isComplete(model) || !isPlain(model)) continue
        const { node } = block.global
        const { severity, harm, tensors } = harmOf(facts, model, blocks)
        yield {
          path: file.path,
          range: rangeIn(file, node.offset, node.offset + node.length),
          severity,
          message: `${block.path.join('.')} says ${block.global.bits?.value ?? 'some'} bits, but no tensor is packed: all are plain floats; ${harm}`,
          tensors,
          fixes: fixes(blocks),
        }
      }
  },
})

/** Several matrices, all of them floats, and nothing that any format of quantization would leave beside them. */
function isPlain(model: Model): boolean {
  if (quantizedKinds(model).length > 0) return false
  let matrices = 0
  for (const shard of model.shards)
    for (const { sample, dtype, shape } of shard.tensors.families()) {
      const { parameter } = splitName(sample)
      if (/scale|zero|packed|absmax|blocks|SCB|g_idx|codebook|biases/.test(parameter)) return false
      if (parameter !== 'weight') continue
      if (!/^(F16|BF16|F32)$/.test(dtype)) return false
      if (shape.length >= 2) matrices++
    }
  return matrices > 0
}

interface Harm {
  readonly severity: Severity
  readonly harm: string
  readonly tensors: readonly string[]
}

function harmOf(facts: Facts, model: Model, blocks: readonly QuantizationConfig[]): Harm {
  const [first] = blocks
  const modules = modulesOf(model)
  const entries = [...(first?.overrides ?? [])].flatMap(([key, override]) =>
    'quantized' in override && !override.quantized ? [] : [key],
  )
  const named = entries.filter(key => modules.has(key) || [...loaderPaths(key)].some(path => modules.has(path)))
  if (first?.key === 'quantization' && named.length > 0)
    return {
      severity: severityFor(facts, model, true),
      harm: `mlx-lm builds quantized layers for the modules that have an entry, ${foldNames(named)}, and stops with "Missing parameters"`,
      tensors: named.flatMap(key => (modules.has(key) ? [`${key}.weight`] : [])),
    }
  if (first?.key === 'quantization_config')
    return {
      severity: severityFor(facts, model, true),
      harm: 'without "quantization" mlx-lm asks it for its method and stops with KeyError: \'quant_method\'; transformers refuses it too',
      tensors: [],
    }
  return blocks.some(block => block.key === 'quantization_config')
    ? {
        severity: 'warning',
        harm: 'mlx-lm loads the weights as they are; transformers refuses a quantization_config without quant_method',
        tensors: [],
      }
    : {
        severity: 'information',
        harm: 'mlx-lm loads the weights as they are; other tools may take them for quantized',
        tensors: [],
      }
}

function fixes(blocks: readonly QuantizationConfig[]): Fix[] {
  const [first] = blocks
  if (!first?.file.root) return []
  return [
    {
      title: `Remove ${blocks.map(block => block.path.join('.')).join(' and ')}`,
      kind: 'needs-a-look',
      edits: [
        rewrite(
          first.file,
          first.file.root,
          blocks.map(block => ({ path: block.path, value: undefined })),
        ),
      ],
    },
  ]
}
