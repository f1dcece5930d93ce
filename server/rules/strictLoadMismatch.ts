// A model that the program builds is filled by a strict `load_weights`, and the weights are not the model's: names that it
// does not have, parameters that stay empty, or other shapes. MLX stops at the first kind, in this order
// (mlx/nn/layers/base.py, load_weights, 0.32.4); all of them are counted here.

import type { Run } from '../interp/index'
import type { ModuleLoad } from '../interp/arrays/parameters'
import { placeKey } from '../interp/run/machine'
import type { Value } from '../interp/values/value'
import { groupBy } from '../util/groupBy'
import { sourcesGiven } from './given'
import { defineRule, type Draft } from './rule'
import { becauseTensor, count, foldNames, modelName, rangeOf, showShape } from './show'

interface Mismatch {
  readonly load: ModuleLoad
  readonly extra: readonly string[]
  readonly missing: readonly string[]
  readonly shapes: readonly {
    readonly name: string
    readonly expected: readonly number[]
    readonly received: readonly number[]
  }[]
  /** Other weights that are loaded here fit. */
  readonly isOneOf?: boolean
}

export const strictLoadMismatch = defineRule({
  id: 'strict-load-mismatch',
  severity: 'error',
  title: 'The weights are not those of the model',
  *check({ runs }) {
    const loads = runs.flatMap(run => run.moduleLoads.map(load => ({ load, run })))
    for (const group of groupBy(loads, l => placeKey(l.load.call)).values()) {
      // Several checkpoints may be meant by a path that is not known: what is said must hold for each that was met.
      const met = group.filter(({ run }) => run.bound === undefined || run.met.has(run.bound) || !run.askedBound)
      const found = [...groupBy(met, l => l.run)].map(([run, ofRun]) =>
        stopping(
          run,
          ofRun.map(l => l.load),
        ),
      )
      const first = found[0]
      if (first && found.every(m => m !== undefined)) yield draft(first)
    }
  },
})

/**
 * What one run stops at, of the loads at one place. A helper may load several models: the program ends at any of them that
 * fails, if its own paths name the weights. Of a checkpoint that is only guessed, nothing may fit; nor where the program
 * writes files, since what it has written may come back as something else than what was followed.
 */
function stopping(run: Run, loads: readonly ModuleLoad[]): Mismatch | undefined {
  const reached = loads.filter(load => load.reached)
  const real = reached.length > 0 ? reached : loads
  const found = real.map(load => (isMeant(load, run) ? mismatch(load) : undefined))
  const areAll = found.every(Boolean)
  const first = found.find(
    (m, i) => m !== undefined && (areAll || (run.madePaths.size === 0 && isDecided(real[i], run))),
  )
  return first && { ...first, isOneOf: real.length > 1 && !areAll }
}

/** Whether the weights are the same whatever checkpoint the unknown paths mean. */
function isDecided(load: ModuleLoad | undefined, { askedBound, bound }: Run): boolean {
  if (!askedBound || bound === undefined) return true
  const sources = load ? sourcesGiven(load) : []
  return sources.length > 0 && sources.every(s => s.model !== bound)
}

/** A checkpoint that no path names is one of many; it is this model's if most of the names of the smaller side are in both. */
function isMeant(load: ModuleLoad, { loads }: Run): boolean {
  const { given, parameters } = load
  if (!given) return false
  const shards = new Set(sourcesGiven(load).map(s => s.shard))
  if (shards.size === 0 || loads.some(l => l.named && shards.has(l.shard))) return true
  const shared = [...given.keys()].filter(name => parameters.shapes.has(name)).length
  return shared >= Math.min(given.size, parameters.shapes.size) / 2
}

function mismatch(load: ModuleLoad): Mismatch | undefined {
  const { given, parameters } = load
  if (load.strict !== true || load.uncertain || !given || parameters.shapes.size === 0) return undefined
  const extra = parameters.open ? [] : [...given.keys()].filter(name => !parameters.shapes.has(name))
  const missing = [...parameters.shapes.keys()].filter(name => !given.has(name))
  const shapes = [...given].flatMap(([name, value]) => {
    const expected = known(parameters.shapes.get(name))
    const received = shapeOf(value)
    const differ =
      expected && received && (expected.length !== received.length || expected.some((d, i) => d !== received[i]))
    return differ ? [{ name, expected, received }] : []
  })
  return extra.length + missing.length + shapes.length > 0 ? { load, extra, missing, shapes } : undefined
}

const known = (shape: readonly (number | undefined)[] | undefined): readonly number[] | undefined =>
  shape?.every((d): d is number => d !== undefined) ? shape : undefined

/** The one shape that a value has in every reading. */
function shapeOf(value: Value): readonly number[] | undefined {
  if (value.kind !== 'array') return undefined
  const [first, ...rest] = value.variants.map(v => known(v.shape))
  return first && rest.every(s => s && s.length === first.length && s.every((d, i) => d === first[i]))
    ? first
    : undefined
}

/** What the binding for Node says (lib/nn/layers/base.ts, @frost-beta/mlx 0.0.7); of long lists of names only the beginning. */
function textOfNode({ extra, missing, shapes: [shape] }: Pick<Mismatch, 'extra' | 'missing' | 'shapes'>): string {
  if (extra.length > 0) return `Received parameters not in model: ${extra[0]}`
  if (missing.length > 0) return `Missing parameters: ${missing[0]}`
  return `Expected shape ${shape?.expected.join()} but received shape ${shape?.received.join()} for parameter ${shape?.name}`
}

function draft({ load, extra, missing, shapes, isOneOf }: Mismatch): Draft {
  const [shape] = shapes
  const isNode = load.call.program.language !== 'python'
  const raises = isNode
    ? textOfNode({ extra, missing, shapes })
    : extra.length > 0
      ? `Received ${extra.length} parameters not in model`
      : missing.length > 0
        ? `Missing ${missing.length} parameters`
        : `Expected shape (${shape?.expected.join(', ')}) but received shape (${shape?.received.join(', ')}) for parameter ${shape?.name}`
  const parts = [
    ...(extra.length > 0
      ? [`${count(extra.length, 'name')} that the model does not have, ${foldNames(extra)}${packedHint(extra)}`]
      : []),
    ...(missing.length > 0
      ? [`${count(missing.length, 'parameter')} of the model not among them, ${foldNames(missing)}`]
      : []),
    ...(shape
      ? [
          `${count(shapes.length, 'tensor')} of another shape, ${shape.name} is ${showShape(shape.received)} where the model has ${showShape(shape.expected)}`,
        ]
      : []),
  ]
  const from = isOneOf ? [...new Set(sourcesGiven(load).map(s => modelName(s.model)))] : []
  return {
    path: load.call.program.path,
    range: rangeOf(load.call),
    message: `the weights${from.length > 0 ? ` of ${from.join(' and ')}` : ''} hold ${parts.join('; ')}; MLX raises "${raises}"`,
    tensors: [...extra, ...shapes.map(s => s.name)],
    because: [...(load.given ?? [])].flatMap(([name, value]) => {
      const stored = value.kind === 'array' ? value.variants[0]?.stored?.sources[0] : undefined
      const concerned = name === shape?.name || name === extra[0]
      return stored && concerned
        ? [
            becauseTensor(
              stored,
              `${stored.tensor.name} is stored ${stored.tensor.dtype} ${showShape(stored.tensor.shape)}`,
            ),
          ]
        : []
    }),
  }
}

/** Scales alone say that the layers were never made packed ones. */
const packedHint = (extra: readonly string[]) =>
  extra.every(name => /\.(scales|biases)$/.test(name))
    ? ': the checkpoint is packed, and nn.quantize was not applied to these layers'
    : ''
