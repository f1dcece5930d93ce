// Who opens a model: the loaders of the workspace where there are any, else MLX's reader, the Rust reader, the current
// mlx-lm and, for a Hugging Face layout, transformers. A fault is as grave as the harm it does to those in play.
// What each of them refuses is said where the fault is found.

import type { JsonFile, Model } from '../checkpoint/facts'
import { ranksOf } from '../checkpoint/models'
import type { Load } from '../interp/run/machine'
import { placeKey } from '../interp/run/machine'
import type { Because, Severity } from '../protocol'
import type { Facts } from './rule'
import { rangeOf } from './show'

/** A reader of files, or a loader that decides which files and which tensors. */
export type Player = 'mlx' | 'rust' | 'mlx-lm' | 'transformers'

export interface Players {
  readonly inPlay: ReadonlySet<Player>
  /** Calls of the workspace that open the model's shards; empty where no loader is known. */
  readonly loads: readonly Load[]
}

const cache = new WeakMap<Facts, Map<Model, Players>>()

/** The players of a model. A load whose path leads nowhere counts only if tensors of the model were met. */
export function playersOf(facts: Facts, model: Model): Players {
  let known = cache.get(facts)
  if (!known) cache.set(facts, (known = new Map(facts.models.map(each => [each, playersIn(facts, each)] as const))))
  return known.get(model) ?? playersIn(facts, model)
}

function playersIn(facts: Facts, model: Model): Players {
  const loads = facts.runs.flatMap(run =>
    run.loads.filter(load => load.model === model && (load.named || run.met.has(model))),
  )
  return { inPlay: new Set(loads.length > 0 ? loads.map(load => load.reader) : usualPlayers(model)), loads }
}

function usualPlayers(model: Model): readonly Player[] {
  // Without a config neither knows what to build.
  if (model.configs.length === 0) return ['mlx', 'rust']
  return ['mlx', 'rust', 'mlx-lm', ...(model.kind === 'huggingface' ? (['transformers'] as const) : [])]
}

/** Error where somebody in play is hurt, warning where only others are, information where nobody is. */
export function severityOf({ inPlay }: Players, hurt: readonly Player[]): Severity {
  if (hurt.some(player => inPlay.has(player))) return 'error'
  return hurt.length > 0 ? 'warning' : 'information'
}

const readerNames = { mlx: "MLX's reader", rust: 'the safetensors library' } as const

/** Most places of a workspace that a finding leads to. */
const maxPlaces = 4

/** The calls of the workspace that open the model (or the file), as places that explain a finding. */
export function becauseLoads({ loads }: Players, path?: string): Because[] {
  const places = new Map<string, Because>()
  for (const { reader, at, shard } of loads) {
    if (path !== undefined && shard.path !== path) continue
    const key = `${placeKey(at)} ${reader}`
    if (!places.has(key) && places.size < maxPlaces)
      places.set(key, {
        path: at.program.path,
        range: rangeOf(at),
        message: `opened here with ${readerNames[reader]}`,
      })
  }
  return [...places.values()]
}

/** Models that no program of the workspace was seen to load; none where some load was not followed, for it may be theirs. */
export function modelsNothingLoads({ models, runs }: Facts): readonly Model[] {
  if (runs.some(run => run.unfollowed.length > 0)) return []
  const met = new Set(runs.flatMap(run => [...run.met, ...run.loads.map(load => load.model)]))
  return models.filter(model => !met.has(model))
}

/** Those of them that lie there whole and have one config, which says what a loader will build. */
export const modelsToBuild = (facts: Facts): readonly { readonly model: Model; readonly file: JsonFile }[] =>
  modelsNothingLoads(facts).flatMap(model => {
    const [file, other] = model.configs
    return file && !other && !model.isPartial && ranksOf(model).length <= 1 ? [{ model, file }] : []
  })
