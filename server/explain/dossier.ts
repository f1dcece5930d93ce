// Everything that an analysis looks at, gathered once: the models it is about, their quantized weights as stored and as
// the programs hand them over, and the findings. The hypotheses judge this and nothing else.

import { jsonFilesOf } from '../checkpoint/models'
import type { Model } from '../checkpoint/facts'
import type { Analysis, Snapshot } from '../engine'
import type { Delivery } from '../interp/deliveries'
import type { Finding } from '../protocol'
import { type Pair } from '../quant/affine'
import { parametersOf, quantizationConfigs, type QuantizationConfig } from '../quant/config'
import { expectedWidth, type Width, withEvidence } from '../quant/dimensions'
import { type QuantizedModule, quantizedModules, type StoredTensor } from '../quant/quantizedModules'
import { judgeTriple, type Verdict } from '../quant/triple'
import { groupBy } from '../util/groupBy'
import { pathShower, type ShowPath } from './markdown'

/** One quantized weight of a model: as stored, and every way in which a program hands it over. */
export interface WeightFacts {
  readonly model: Model
  /** Without `.weight`. */
  readonly module: string
  readonly weight: StoredTensor
  readonly scales: StoredTensor
  readonly biases: StoredTensor | undefined
  /** What the three stored shapes are to one another. */
  readonly stored: Verdict
  readonly deliveries: readonly Delivery[]
}

/** Which part of the workspace an analysis is about. */
export interface Scope {
  /** A model's path; undefined: every model. */
  readonly model?: string
  /** A module path, a shard or a folder of shards. */
  readonly scope?: string
  readonly finding?: Finding
  /** Modules to show first. */
  readonly modules?: readonly string[]
}

export interface Dossier {
  readonly snapshot: Snapshot
  readonly analysis: Analysis
  readonly show: ShowPath
  readonly models: readonly Model[]
  /** In the order in which they are stored, those of the subject first. */
  readonly weights: readonly WeightFacts[]
  readonly deliveries: readonly Delivery[]
  /** Those that concern the models, the subject first. */
  readonly findings: readonly Finding[]
  readonly subject: Finding | undefined
}

/** Gathers the facts; reads nothing that the analysis has not read. */
export function gather(snapshot: Snapshot, analysis: Analysis, scope: Scope): Dossier {
  const models = modelsOf(snapshot, analysis, scope)
  const { deliveries: all } = analysis.facts
  const deliveries = all.filter(d => models.includes(d.model) && inScope(d.module, d.weight.shard.path, scope.scope))
  const first = new Set([...(scope.finding?.tensors ?? []), ...(scope.modules ?? []).map(m => `${m}.weight`)])
  const weights = models
    .flatMap(model => weightsOf(model, deliveries))
    .filter(w => inScope(w.module, w.weight.shard.path, scope.scope))
  const leads = (w: WeightFacts) => Number(!first.has(w.weight.tensor.name))
  const findings = analysis.findings.filter(f => f !== scope.finding && concerns(f, models, weights))
  return {
    snapshot,
    analysis,
    show: pathShower(snapshot.folders),
    models,
    weights: first.size > 0 ? [...weights].sort((a, b) => leads(a) - leads(b)) : weights,
    deliveries,
    findings: scope.finding ? [scope.finding, ...findings] : findings,
    subject: scope.finding,
  }
}

function modelsOf({ models }: Snapshot, analysis: Analysis, { model, finding }: Scope): readonly Model[] {
  if (model !== undefined) return models.filter(m => m.path === model)
  if (!finding) return models
  const named = new Set([finding.path, ...finding.because.map(b => b.path)])
  const loaded = new Set(
    analysis
      .sites()
      .filter(s => s.path === finding.path)
      .flatMap(s => s.models),
  )
  const found = models.filter(m => filesOf(m).some(path => named.has(path))) ?? models.filter(m => loaded.has(m.path))
  return found.length > 0 ? found : models
}

const filesOf = (model: Model): string[] => [
  model.path,
  ...[...model.shards, ...jsonFilesOf(model)].map(file => file.path),
]

/** Findings in a model's files or about its tensors, and those about no tensor at all. */
function concerns(finding: Finding, models: readonly Model[], weights: readonly WeightFacts[]): boolean {
  const files = new Set(models.flatMap(filesOf))
  if (files.has(finding.path) || finding.because.some(b => files.has(b.path))) return true
  const names = new Set(weights.map(w => w.weight.tensor.name))
  return finding.tensors.length === 0 ? models.length > 0 : finding.tensors.some(name => names.has(name))
}

/** `model.layers.1` covers `model.layers.1.mlp` but not `model.layers.10`; a path covers itself and what lies in it. */
export function inScope(module: string, path: string, scope: string | undefined): boolean {
  if (scope === undefined || scope === '') return true
  const bare = scope.replace(/\.$/, '')
  if (module === bare || module.startsWith(`${bare}.`)) return true
  return path === scope || path.startsWith(`${scope}/`) || path.startsWith(`${scope}\\`)
}

function weightsOf(model: Model, deliveries: readonly Delivery[]): WeightFacts[] {
  const key = (shard: string, name: string) => `${shard}\0${name}`
  const own = groupBy(
    deliveries.filter(d => d.model === model),
    d => key(d.weight.shard.path, d.weight.tensor.name),
  )
  const weights = quantizedModules(model).map((q: QuantizedModule): WeightFacts => {
    const id = key(q.weight.shard.path, q.weight.tensor.name)
    const delivered = own.get(id) ?? []
    own.delete(id)
    return facts(model, q.path, q.weight, q.scales, q.biases, delivered)
  })
  // Weights that a program hands over as quantized although they are not stored so.
  for (const group of own.values()) {
    const d = group[0]
    if (d) weights.push(facts(model, d.module, d.weight, d.scales, d.biases, group))
  }
  return weights
}

function facts(
  model: Model,
  module: string,
  weight: StoredTensor,
  scales: StoredTensor,
  biases: StoredTensor | undefined,
  deliveries: readonly Delivery[],
): WeightFacts {
  const stored = judgeTriple({
    weight: weight.tensor.shape,
    scales: scales.tensor.shape,
    biases: biases?.tensor.shape,
    float: scales.tensor.dtype === 'U8',
  })
  return { model, module, weight, scales, biases, stored, deliveries }
}

/** The verdict that counts: of the tensors as handed over where a program was seen to do it, else as stored. */
export const verdictOf = (w: WeightFacts): Verdict =>
  w.deliveries.find(d => d.verdict.kind !== 'fits')?.verdict ?? w.deliveries[0]?.verdict ?? w.stored

export interface Triple {
  readonly pairs: readonly Pair[]
  /** The pairs that evidence leaves. */
  readonly likely: readonly Pair[]
  /** Elements of the last axis, in the orientation that fits. */
  readonly packedColumns: number
  readonly groups: number
  readonly rows: number
  readonly width: Width | undefined
}

/** The stored triple in the orientation that fits; undefined where none does. */
export function storedTriple(w: WeightFacts): Triple | undefined {
  if (w.stored.kind !== 'fits' && w.stored.kind !== 'turned') return undefined
  const turned = w.stored.kind === 'turned' ? w.stored.turned : undefined
  const axis = (shape: readonly number[], fromEnd: number) => shape[shape.length - fromEnd] ?? 0
  const packedColumns = axis(w.weight.tensor.shape, turned?.weight ? 2 : 1)
  const width = expectedWidth(w.model, w.module)
  return {
    pairs: w.stored.pairs,
    likely: withEvidence(w.stored.pairs, packedColumns, width),
    packedColumns,
    groups: axis(w.scales.tensor.shape, turned?.scales ? 2 : 1),
    rows: axis(w.weight.tensor.shape, turned?.weight ? 1 : 2),
    width,
  }
}

export interface Configured {
  readonly config: QuantizationConfig
  readonly pair: Pair
  readonly mode: string
  readonly parameters: NonNullable<ReturnType<typeof parametersOf>>
}

/** What the config that speaks of a weight says about it; undefined where none does. */
export function configured(w: WeightFacts): Configured | undefined {
  const folder = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  const own = w.model.configs.find(file => w.weight.shard.path.startsWith(folder(file.path)))
  const file = own ?? w.model.configs[0]
  const config = file && quantizationConfigs(file)[0]
  const parameters = config && parametersOf(config, w.module)
  return config && parameters && { config, pair: parameters.pair, mode: parameters.mode, parameters }
}
