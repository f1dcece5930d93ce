// Keys of a quantization block that no loader would find a module for, and the modules that they were meant for. Loaders look
// an override up by the exact path that they have for a module; what that may be is for loaderPaths.ts.

import type { Model } from '../checkpoint/facts'
import { modulesOf } from '../checkpoint/modules'
import type { Override, QuantizationConfig } from '../quant/config'
import { loaderPaths, movedPath } from '../quant/loaderPaths'
import { modelTypes } from '../quant/mlxLm'

export interface Unmatched {
  readonly key: string
  readonly override: Override
  /** Stored modules that the key may mean: one where it is certain. */
  readonly meant: readonly string[]
  /** The key that loaders would find. */
  readonly better: string | undefined
  /** The key is the stored name, which mlx-lm's loader of this model changes before it looks. */
  readonly isMoved: boolean
}

/** Every entry that is lost; empty for most configs, at the cost of a look-up for each key. */
export function unmatched(model: Model, config: QuantizationConfig): Unmatched[] {
  const { top } = modelTypes(config.file)
  const keys = [...config.overrides.keys()]
  if (keys.length === 0) return []
  const modules = modulesOf(model)
  if (keys.every(key => modules.has(key) && movedPath(top, key) === undefined)) return []
  const known = new Set<string>()
  const tails = new Map<string, string[]>()
  for (const path of modules.keys()) {
    known.add(path)
    for (const other of loaderPaths(path)) known.add(other)
    const tail = tailOf(path)
    const same = tails.get(tail)
    if (same) same.push(path)
    else tails.set(tail, [path])
  }
  return keys.flatMap((key): Unmatched[] => {
    const override = config.overrides.get(key)
    if (!override) return []
    const moved = modules.has(key) ? movedPath(top, key) : undefined
    if (moved !== undefined)
      return [{ key, override, meant: [key], better: modules.has(moved) ? undefined : moved, isMoved: true }]
    if (isNamed(key, known, config)) return []
    // A key that switches a module off, of which there is none, does nothing.
    if ('quantized' in override) return []
    const meant = (tails.get(tailOf(key)) ?? []).filter(path => !config.overrides.has(path))
    const [only, ...others] = meant
    return [{ key, override, meant, better: others.length === 0 ? only : undefined, isMoved: false }]
  })
}

/** A path that some loader may use: known under another prefix, by a stack of experts, or a split of a known module. */
function isNamed(key: string, known: ReadonlySet<string>, { file }: QuantizationConfig): boolean {
  if (known.has(key)) {
    const { top } = modelTypes(file)
    // `model.language_model.X` is what Hugging Face calls it: right only where no loader moves it.
    return movedPath(top, key) === undefined
  }
  // mlx-lm splits kv_b_proj into these, and fused projections into their parts, while it loads.
  const split = key
    .replace(/\.(embed_q|unembed_out)$/, '.kv_b_proj')
    .replace(/\.(gate_proj|up_proj)$/, '.gate_up_proj')
    .replace(/\.switch_glu\./, '.switch_mlp.')
  const stacked = split.replace(/\.(switch_mlp|switch_glu)\./, '.experts.')
  return [split, stacked].some(name => name !== key && (known.has(name) || known.has(`${name}_blocks`)))
}

/** The part of a path that prefixes leave alone: from the last numbered container on. */
export function tailOf(path: string): string {
  const found = /(?:^|\.)((?:layers|blocks|h|layer)\.\d+\..*)$/.exec(path)
  if (found?.[1] !== undefined) return found[1]
  return path.slice(path.lastIndexOf('.') + 1)
}

/** The config as its writer meant it: entries that are lost stand under the names of the modules that they mean. */
export function meantConfig(model: Model, config: QuantizationConfig): QuantizationConfig {
  const lost = unmatched(model, config).filter(one => !one.isMoved && one.better !== undefined)
  if (lost.length === 0) return config
  const overrides = new Map(config.overrides)
  for (const { better, override } of lost) if (better !== undefined) overrides.set(better, override)
  return { ...config, overrides }
}
