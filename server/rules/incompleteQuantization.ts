// The quantization block leaves out group_size or bits. mlx-lm takes both from the block without asking whether they are
// there, so it stops with a KeyError; null is allowed and means the mode's default.

import type { Model } from '../checkpoint/facts'
import type { Fix } from '../protocol'
import { showPair } from '../quant/affine'
import { modeDefaults, type QuantizationConfig, quantizationConfigs } from '../quant/config'
import { expectedWidth, withEvidence } from '../quant/dimensions'
import { mlxLmReading } from '../quant/mlxLm'
import { type QuantizedModule, quantizedModules } from '../quant/quantizedModules'
import { judgeTriple } from '../quant/triple'
import { type Change, rewrite } from './configEdits'
import { isLoadersOwn, severityFor } from './configHarm'
import { defineRule } from './rule'
import { rangeIn } from './show'

const keys = { groupSize: 'group_size', bits: 'bits' } as const

export const incompleteQuantization = defineRule({
  id: 'incomplete-quantization-config',
  severity: 'error',
  title: 'The quantization block leaves out a parameter',
  *check(facts) {
    for (const model of facts.models)
      for (const file of model.configs) {
        const reading = mlxLmReading(file)
        if (reading.kind !== 'quantizes' || reading.block.method !== undefined) continue
        const { block } = reading
        const missing = (['groupSize', 'bits'] as const).filter(which => !block.global.written[which])
        const first = missing[0]
        if (first === undefined || isLoadersOwn(facts, model, block)) continue
        const { node } = block.global
        const names = missing.map(which => keys[which]).join(' and ')
        yield {
          path: file.path,
          range: rangeIn(file, node.offset, node.offset + node.length),
          severity: severityFor(facts, model, true),
          message: `${block.path.join('.')} has no ${names}; mlx-lm stops with KeyError: '${keys[first]}', whatever the entries of single modules say`,
          tensors: [],
          fixes: fixes(model, block, missing),
        }
      }
  },
})

function fixes(model: Model, block: QuantizationConfig, missing: readonly (keyof typeof keys)[]): Fix[] {
  const modules = quantizedModules(model).filter(m => !block.overrides.has(m.path))
  const usual = modeDefaults(block.global.mode)
  // A mode of floating-point numbers knows one pair; what affine weights are only they can tell.
  const values = block.global.mode === 'affine' ? commonPairs(model, block, modules) : [usual]
  const copies = quantizationConfigs(block.file).filter(copy => copy !== block && copy.path.length === 1)
  return values.map(pair => {
    const changes = [block, ...copies].flatMap(target =>
      missing.flatMap((which): Change[] =>
        target.global.written[which] ? [] : [{ path: [...target.path, keys[which]], value: pair[which] }],
      ),
    )
    return {
      title: `Write ${missing.map(which => `${keys[which]} ${pair[which]}`).join(' and ')}${values.length > 1 ? `, for ${showPair(pair)}` : ''}`,
      kind: values.length === 1 ? 'safe' : 'needs-a-look',
      edits: [rewrite(block.file, block.global.node, changes)],
    }
  })
}

/** Pairs that fit every module that has no entry of its own and agree with what the block does say. */
function commonPairs(model: Model, { global }: QuantizationConfig, modules: readonly QuantizedModule[]) {
  const each = modules.map(({ path, weight, scales, biases }) => {
    const verdict = judgeTriple({
      weight: weight.tensor.shape,
      scales: scales.tensor.shape,
      biases: biases?.tensor.shape,
    })
    const pairs = verdict.kind === 'fits' ? verdict.pairs : []
    return withEvidence(pairs, weight.tensor.shape.at(-1) ?? 0, expectedWidth(model, path))
  })
  return (each[0] ?? []).filter(
    p =>
      (!global.bits || global.bits.value === p.bits) &&
      (!global.groupSize || global.groupSize.value === p.groupSize) &&
      each.every(pairs => pairs.some(q => q.bits === p.bits && q.groupSize === p.groupSize)),
  )
}
