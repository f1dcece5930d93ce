// Sizes that a layer of the binding for Node is built with and that are `undefined` or null, as a key that config.json lacks
// gives. Most constructors raise. Where mx.random makes the weight, a list that is not all numbers passes for no sizes, the
// weight is a scalar, and only a strict load says so; see `layers`. Measured with @frost-beta/mlx 0.0.7 and Node.

import { layerName, scriptLayerArguments } from '../arrays/parameters'
import type { LibraryCall } from '../run/libraryCall'
import { failScript, useOfNothing } from '../run/scriptRefusals'
import { type InstanceValue, isSureNone, truth, type Value } from '../values/value'

interface Needs {
  /** Sizes that have to be numbers. */
  readonly sizes: readonly string[]
  /** Any of these flags makes the parameter that has these sizes. They are set where nothing is given. */
  readonly flags?: readonly string[]
  readonly raises: string
}

const ones = 'TypeError: Error processing argument at index 0, conversion failure from Array to Variant.'
const packing = 'Error: [quantize] The matrix to be quantized must have at least 2 dimension but it has only 0.'

const needs = new Map<string, Needs>([
  ['RMSNorm', { sizes: ['dims'], raises: ones }],
  ['LayerNorm', { sizes: ['dims'], flags: ['affine'], raises: ones }],
  ['GroupNorm', { sizes: ['dims'], flags: ['affine'], raises: ones }],
  ['BatchNorm', { sizes: ['num_features'], flags: ['affine', 'track_running_stats'], raises: ones }],
  ['Conv1d', { sizes: ['out_channels'], flags: ['bias'], raises: ones }],
  ['Conv2d', { sizes: ['out_channels'], flags: ['bias'], raises: ones }],
  ['QuantizedLinear', { sizes: ['input_dims', 'output_dims'], raises: packing }],
  ['QuantizedEmbedding', { sizes: ['num_embeddings', 'dims'], raises: packing }],
])

/** A parameter's default holds for `undefined`, not for null. */
const isSet = (flag: Value | undefined): boolean =>
  flag === undefined || (flag.kind === 'const' && flag.nothing !== undefined) || truth(flag, true) === true

/** What a constructor of the binding does with sizes that are not there. */
export function checkSizes(c: LibraryCall, name: string): void {
  const need = needs.get(name)
  if (!need || c.args.open) return
  const given = (parameter: string) => c.get(scriptLayerArguments[name]?.indexOf(parameter) ?? -1)
  if (need.flags && !need.flags.some(flag => isSet(given(flag)))) return
  for (const size of need.sizes) if (failsFor(c, given(size), size, need.raises)) return
}

/** `nn.quantize` packs the weight that the constructor made, unless another was set since. */
export function checkPacking(c: LibraryCall, layer: InstanceValue): boolean {
  if (layer.attributes.has('weight')) return false
  const sizes = needs.get(layerName(layer) ?? '')?.sizes ?? []
  return sizes.some(size => {
    const v = layer.attributes.get(size)
    return v !== undefined && failsFor(c, v, size, packing)
  })
}

function failsFor(c: LibraryCall, v: Value | undefined, size: string, raises: string): boolean {
  if (v && useOfNothing(c.m, v)) return true
  if (v && !isSureNone(v)) return false
  const name = v?.kind === 'const' && !v.nothing && (v.literal ?? v.config) ? 'null' : 'undefined'
  const [error = '', text] = raises.split(/: (.*)/)
  const shown = size.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return failScript(c.m, c.at, error, `${shown} is ${name}`, 'a number', text)
}
