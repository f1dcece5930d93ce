// Which rows a finding puts a badge on: the tensors it concerns, everything above them, and the shard or model it sits in.
// Worked out once per analysis and model.

import { jsonFilesOf } from '../checkpoint/models'
import type { Model } from '../checkpoint/facts'
import type { Analysis } from '../engine'
import type { Finding, Severity } from '../protocol'
import { splitName } from '../checkpoint/modules'
import { splitPath } from './moduleLevel'

export interface Badges {
  readonly model: Severity | undefined
  /** By path of the shard. */
  readonly shards: ReadonlyMap<string, Severity>
  /** By full tensor name. */
  readonly tensors: ReadonlyMap<string, Severity>
  /** By dotted module path, folders included. */
  readonly modules: ReadonlyMap<string, Severity>
}

const order: readonly Severity[] = ['hint', 'information', 'warning', 'error']

/** The graver of two severities; undefined is the least. */
export function graver(a: Severity | undefined, b: Severity | undefined): Severity | undefined {
  if (!a || !b) return a ?? b
  return order.indexOf(a) >= order.indexOf(b) ? a : b
}

const kept = new WeakMap<Analysis, WeakMap<Model, Badges>>()

/** The badges of a model's rows under an analysis. */
export function badgesOf(analysis: Analysis, model: Model): Badges {
  let byModel = kept.get(analysis)
  if (!byModel) kept.set(analysis, (byModel = new WeakMap()))
  let badges = byModel.get(model)
  if (!badges) byModel.set(model, (badges = collect(analysis, model)))
  return badges
}

function collect(analysis: Analysis, model: Model): Badges {
  const tensors = new Map<string, Severity>()
  const modules = new Map<string, Severity>()
  const shards = new Map<string, Severity>()
  let whole: Severity | undefined
  const own = new Set([...model.shards.map(shard => shard.path), ...jsonFilesOf(model).map(file => file.path)])
  const raise = (map: Map<string, Severity>, key: string, severity: Severity) =>
    map.set(key, graver(map.get(key), severity) ?? severity)
  for (const finding of analysis.findings) {
    if (!concerns(finding, own, model)) continue
    whole = graver(whole, finding.severity)
    if (own.has(finding.path)) raise(shards, finding.path, finding.severity)
    for (const name of finding.tensors) {
      const before = tensors.get(name)
      if (before && graver(before, finding.severity) === before) continue
      tensors.set(name, finding.severity)
      for (let { module } = splitName(name); module !== ''; [module] = splitPath(module)) {
        const above = modules.get(module)
        // Everything above a module is at least as grave as the module itself.
        if (above && graver(above, finding.severity) === above) break
        modules.set(module, finding.severity)
      }
    }
  }
  if (tensors.size > 0)
    for (const { path, tensors: table } of model.shards) {
      // The smaller side is walked, so that many shards with many findings still cost one pass over the names.
      const names = tensors.size <= table.count ? tensors.keys() : table.names()
      for (const name of names) {
        const severity = tensors.get(name)
        if (severity && (tensors.size > table.count || table.find(name))) raise(shards, path, severity)
      }
    }
  return { model: whole, shards, tensors, modules }
}

/** A finding speaks of a model where a place of it lies in the model's files, or, naming no checkpoint, by its tensors. */
function concerns(finding: Finding, own: ReadonlySet<string>, model: Model): boolean {
  if (own.has(finding.path) || finding.because.some(({ path }) => own.has(path))) return true
  const namesCheckpoint = [finding, ...finding.because].some(({ path }) => /\.(safetensors|json)$/i.test(path))
  return !namesCheckpoint && finding.tensors.some(name => model.shards.some(shard => shard.tensors.find(name)))
}
