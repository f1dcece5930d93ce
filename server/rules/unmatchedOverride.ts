// A key of the quantization block that names no module of the checkpoint. Loaders look overrides up by the exact path and
// never report a key that is left over, so the module that was meant is read with the global values. The key that would
// match is found by the same tail under another prefix.

import type { Model } from '../checkpoint/facts'
import type { Fix } from '../protocol'
import { parametersOf, quantizationConfigs, type QuantizationConfig } from '../quant/config'
import { quantizedKinds, quantizedModules } from '../quant/quantizedModules'
import { replaceNode } from './configEdits'
import { isComplete } from './configHarm'
import { contradictions } from './configVerdict'
import { tailOf, type Unmatched, unmatched } from './configOverrides'
import { defineRule, type Draft, eachModel } from './rule'
import { count, foldNames, rangeIn } from './show'

export const unmatchedOverride = defineRule({
  id: 'unmatched-override',
  severity: 'warning',
  title: 'A quantization entry names no module',
  check: eachModel(function* (model) {
    // In a checkpoint with missing tensors any key may be right.
    if (!isComplete(model)) return
    for (const file of model.configs) {
      const [config] = quantizationConfigs(file)
      if (!config || config.overrides.size === 0 || quantizedKinds(model).length === 0) continue
      const found = unmatched(model, config)
      // One slip of a writer is in every key: told once, at the first.
      const groups = new Map<string, Unmatched[]>()
      for (const one of found) {
        const id = `${one.isMoved} ${one.better === undefined} ${one.meant.length} ${prefixChange(one)}`
        groups.set(id, [...(groups.get(id) ?? []), one])
      }
      for (const group of groups.values()) yield draft(model, config, group)
    }
  }),
})

function prefixChange({ key, better, isMoved }: Unmatched): string {
  if (better === undefined || isMoved) return ''
  const tail = tailOf(key)
  return `${key.slice(0, key.length - tail.length)} ${better.slice(0, better.length - tail.length)}`
}

function draft(model: Model, config: QuantizationConfig, group: readonly Unmatched[]): Draft {
  const first = group[0] as Unmatched
  const { keyNode } = first.override
  const { file } = config
  const names = foldNames(group.map(one => one.key))
  const harmed = group.filter(one => differs(config, one) && !isWrong(model, config, one))
  const stored = new Set(group.flatMap(one => (one.better === undefined && !one.isMoved ? [] : one.meant)))
  return {
    path: file.path,
    range: rangeIn(file, keyNode.offset, keyNode.offset + keyNode.length),
    severity: harmed.length > 0 ? 'warning' : 'information',
    message: `${what(first, names)}; ${count(group.length, 'entry').replace('entrys', 'entries')}${consequence(
      first,
      harmed.length,
      group.some(one => differs(config, one)),
    )}`,
    tensors: quantizedModules(model).flatMap(m =>
      stored.has(m.path) ? [m.weight, m.scales, m.biases].flatMap(t => (t ? [t.tensor.name] : [])) : [],
    ),
    fixes: fixes(config, group),
  }
}

function what({ isMoved, better, key, meant }: Unmatched, names: string): string {
  if (isMoved)
    return `${names} is the stored name, but mlx-lm and mlx-vlm rename it before they look for an entry, to ${better ?? key.replace('model.language_model.', 'language_model.model.')}`
  if (better !== undefined) return `${names} names no module; the checkpoint has ${better}`
  return meant.length > 1
    ? `${names} names no module; ${meant.length} modules end so, ${foldNames(meant)}`
    : `${names} names no module of the checkpoint, nor what a loader would call one`
}

function consequence({ better, isMoved }: Unmatched, harmed: number, isOther: boolean): string {
  if (better === undefined && !isMoved) return '; it has no effect'
  return harmed > 0
    ? '; mlx-lm before 0.32 and mlx-vlm never find the entry and read the module with the global values, which its tensors contradict; mlx-lm from 0.32 infers them'
    : `; the global values ${isOther ? 'fit its tensors' : 'say the same'}, so nothing is read wrongly`
}

/** Whether the global values say something else than the entry. */
function differs(config: QuantizationConfig, { override, meant }: Unmatched): boolean {
  const [module] = meant
  if (module === undefined || 'quantized' in override) return false
  const global = parametersOf({ ...config, overrides: new Map() }, module)
  const own = parametersOf({ ...config, overrides: new Map([[module, override]]) }, module)
  return (
    global?.pair.bits !== own?.pair.bits || global?.pair.groupSize !== own?.pair.groupSize || global?.mode !== own?.mode
  )
}

/** Whether the tensors contradict the entry and not the global values, so that nobody misses it. */
function isWrong(model: Model, config: QuantizationConfig, { override, meant }: Unmatched): boolean {
  const module = quantizedModules(model).find(({ path }) => path === meant[0])
  if (!module) return false
  const under = (overrides: QuantizationConfig['overrides']) =>
    contradictions(model, module, { ...config, overrides }).length > 0
  return under(new Map([[module.path, override]])) && !under(new Map())
}

function fixes(config: QuantizationConfig, group: readonly Unmatched[]): Fix[] {
  const renamed = group.filter(one => one.better !== undefined)
  if (renamed.length < group.length || renamed.length === 0) return []
  const [, ...copies] = quantizationConfigs(config.file)
  return [
    {
      title: renamed.length === 1 ? `Rename the entry to ${renamed[0]?.better}` : `Rename ${renamed.length} entries`,
      kind: 'needs-a-look',
      edits: renamed.flatMap(({ key, better, override }) =>
        [override, ...copies.flatMap(copy => copy.overrides.get(key) ?? [])].map(({ keyNode }) =>
          replaceNode(config.file, keyNode, JSON.stringify(better)),
        ),
      ),
    },
  ]
}
