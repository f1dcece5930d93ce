// A number in config.json that the tensors contradict: widths, heads, layers, experts. A loader builds its layers from these
// numbers and then refuses the weights, or (transformers) fills them at random. Judged for known families only, on tensors
// whose shape is certain, and only what has no other explanation.

import { ranksOf } from '../checkpoint/models'
import type { JsonFile, Model } from '../checkpoint/facts'
import type { Fix } from '../protocol'
import { type Anatomy, anatomyOf } from '../quant/anatomy'
import { familyOf } from '../quant/families'
import { stated, type Stated } from '../quant/sizes'
import { groupBy } from '../util/groupBy'
import { type Mismatch, mismatches, Numbers } from './architectureFaults'
import { replaceNode, rewrite } from './configEdits'
import { isComplete, severityFor } from './configHarm'
import { defineRule, type Draft, type Facts } from './rule'
import { count, fileStart, foldNames, rangeIn, showTensor } from './show'

export const architectureMismatch = defineRule({
  id: 'architecture-mismatch',
  severity: 'error',
  title: 'A size in config.json contradicts the tensors',
  *check(facts) {
    for (const model of facts.models) {
      const [file] = model.configs
      // Ranks hold slices; several configs speak of parts.
      if (!file || model.configs.length > 1 || ranksOf(model).length > 1) continue
      const known = familyOf(file)
      const anatomy = known && anatomyOf(model)
      if (!known || !anatomy) continue
      const numbers = new Numbers(file, known)
      const found = [...mismatches(numbers, anatomy, known.family)]
      for (const group of groupBy(found, m => `${m.path.join('.')}`).values()) yield draft(facts, model, file, group)
      const layers = known.family.countsLayers !== false && isComplete(model) ? layerFault(numbers, anatomy) : undefined
      if (layers) yield layerDraft(facts, model, file, layers, known.family.dropsLayers === true)
    }
  },
})

function draft(facts: Facts, model: Model, file: JsonFile, group: readonly Mismatch[]): Draft {
  const first = group[0] as Mismatch
  const wanted = new Set(group.map(m => m.wanted))
  const [value] = wanted
  const all = wanted.size === 1 ? value : undefined
  const parts = [...new Map(group.map(m => [m.part.path, m.part])).values()]
  const stored = showTensor(first.part.stored.tensor)
  const others = new Set(group.map(m => m.instead?.value))
  const instead = all !== undefined && others.size === 1 ? first.instead : undefined
  const should =
    all === undefined
      ? ''
      : `, so it should be ${all}${instead ? `, or ${instead.number.name} ${instead.value}: the shapes fit both` : ''}`
  return {
    path: file.path,
    range: rangeIn(file, first.at.offset, first.at.offset + first.at.length),
    severity: severityFor(facts, model, true),
    message: `${isStated(file, first) ? `${first.name} makes a loader expect` : `${first.name} is missing, so a loader expects`} ${first.expected}; ${first.part.path}.weight ${stored} has ${first.found}${should}; ${count(parts.length, 'module')}, ${foldNames(parts.map(p => p.path))}; mlx-lm and transformers refuse the weights`,
    tensors: parts.map(p => p.stored.tensor.name),
    because: [
      {
        path: first.part.stored.shard.path,
        range: fileStart,
        message: `${first.part.stored.tensor.name} is stored ${stored}`,
        tensor: first.part.stored.tensor.name,
      },
    ],
    fixes: [
      ...(all === undefined ? [] : [fix(file, first, all)]),
      ...(instead ? [changeFix(file, instead.number, instead.value)] : []),
    ],
  }
}

const isStated = (file: JsonFile, { at, path }: Mismatch) => stated(file, 'text', String(path.at(-1)))?.node === at

function fix(file: JsonFile, mismatch: Mismatch, value: number): Fix {
  const { at, path, name } = mismatch
  return isStated(file, mismatch)
    ? changeFix(file, { name, node: at }, value)
    : {
        title: `Write ${name}: ${value}`,
        kind: 'needs-a-look',
        edits: [rewrite(file, file.root ?? at, [{ path, value }])],
      }
}

const changeFix = (file: JsonFile, { name, node }: Pick<Stated, 'name' | 'node'>, value: number): Fix => ({
  title: `Change ${name} to ${value}`,
  kind: 'needs-a-look',
  edits: [replaceNode(file, node, String(value))],
})

interface LayerFault {
  readonly number: Stated
  readonly missing: readonly number[]
  readonly extra: readonly number[]
  readonly anatomy: Anatomy
}

function layerFault(numbers: Numbers, anatomy: Anatomy): LayerFault | undefined {
  const number = numbers.get('num_hidden_layers')
  if (!number || number.value > 1000) return undefined
  // Layers that predict further tokens are stored behind the last one and dropped by loaders that do not use them.
  const further = numbers.get('num_nextn_predict_layers', 'mtp_num_hidden_layers')?.value ?? 0
  const stored = [...anatomy.layers.keys()]
  const missing = Array.from({ length: number.value }, (_, i) => i).filter(i => !anatomy.layers.has(i))
  const extra = stored.filter(i => i >= number.value + further && !predictsFurther(anatomy, i))
  return missing.length > 0 || extra.length > 0 ? { number, missing, extra, anatomy } : undefined
}

/** Whether a layer takes the last one's state and an embedding together, as those do that predict a token after the next. */
const predictsFurther = ({ layers }: Anatomy, number: number): boolean =>
  ['eh_proj', 'enorm', 'hnorm'].some(part => layers.get(number)?.has(part))

function layerDraft(
  facts: Facts,
  model: Model,
  file: JsonFile,
  { number, missing, extra, anatomy }: LayerFault,
  dropsExtra: boolean,
): Draft {
  const stored = anatomy.layers.size
  const names = (layers: readonly number[]) => foldNames(layers.map(i => `${anatomy.prefix}layers.${i}`))
  const isWhole = Array.from({ length: stored }, (_, i) => i).every(i => anatomy.layers.has(i))
  const parts = extra.flatMap(i => [...(anatomy.layers.get(i)?.values() ?? [])])
  return {
    path: file.path,
    range: rangeIn(file, number.node.offset, number.node.offset + number.node.length),
    severity: severityFor(facts, model, missing.length > 0 || !dropsExtra),
    message: [
      `${number.name} is ${number.value}; the checkpoint has ${count(stored, 'layer')}`,
      ...(missing.length > 0 ? [`${names(missing)} ${missing.length === 1 ? 'is' : 'are'} not stored`] : []),
      ...(extra.length > 0 ? [`${names(extra)} ${extra.length === 1 ? 'is' : 'are'} beyond it`] : []),
      missing.length > 0
        ? 'mlx-lm stops with "Missing parameters", transformers fills them at random'
        : dropsExtra
          ? `mlx-lm computes without ${extra.length === 1 ? 'it' : 'them'} and says nothing`
          : 'mlx-lm stops with "Received parameters not in model"',
    ].join('; '),
    tensors: parts.map(p => p.stored.tensor.name),
    fixes: isWhole
      ? [
          {
            title: `Change ${number.name} to ${stored}`,
            kind: 'needs-a-look',
            edits: [replaceNode(file, number.node, String(stored))],
          },
        ]
      : [],
  }
}
