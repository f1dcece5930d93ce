// The quantization block of config.json, with the place of every value. Overrides are resolved as mlx-lm resolves them:
// the module's path must match exactly, and an override does not inherit the global values — what it leaves out takes
// the mode's default (mlx_lm/utils.py, load_model; mlx/nn/layers/quantized.py, to_quantized; MLX 0.32.4).

import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { floatModes, type Pair } from './affine'

export interface ConfigNumber {
  readonly value: number
  readonly node: Node
}

export interface ParameterBlock {
  readonly node: Node
  readonly groupSize: ConfigNumber | undefined
  readonly bits: ConfigNumber | undefined
  readonly mode: string
}

export interface QuantizationConfig {
  readonly file: JsonFile
  readonly key: 'quantization' | 'quantization_config'
  readonly global: ParameterBlock
  /** Module path → its own parameters, or false where it is said not to be quantized. */
  readonly overrides: ReadonlyMap<string, ParameterBlock | { readonly node: Node; readonly quantized: false }>
}

/** The parameters that hold for one module, and the values they come from. */
export interface ModuleParameters {
  readonly pair: Pair
  readonly mode: string
  readonly block: ParameterBlock
  readonly isOverride: boolean
}

const blockKeys = ['quantization', 'quantization_config'] as const

/** Every quantization block of a config that states MLX's parameters; `quantization`, which MLX's loaders read, first. */
export function quantizationConfigs(file: JsonFile): readonly QuantizationConfig[] {
  let known = cache.get(file)
  if (!known) cache.set(file, (known = readConfigs(file)))
  return known
}

const cache = new WeakMap<JsonFile, readonly QuantizationConfig[]>()

function readConfigs(file: JsonFile): readonly QuantizationConfig[] {
  return blockKeys.flatMap(key => {
    const node = file.root && findNodeAtLocation(file.root, [key])
    if (node?.type !== 'object') return []
    // A foreign method's block speaks of other tensors than MLX's.
    if (key === 'quantization_config' && property(node, 'quant_method')) return []
    const overrides = new Map<string, ParameterBlock | { readonly node: Node; readonly quantized: false }>()
    for (const { name, value } of properties(node)) {
      if (value.type === 'object') overrides.set(name, block(value))
      else if (value.type === 'boolean' && value.value === false && name !== 'quantize_activations')
        overrides.set(name, { node: value, quantized: false })
    }
    return [{ file, key, global: block(node), overrides }]
  })
}

/** Parameters of a module; undefined where the config says it is not quantized. */
export function parametersOf(config: QuantizationConfig, module: string): ModuleParameters | undefined {
  const override = config.overrides.get(module)
  if (override && 'quantized' in override) return undefined
  const chosen = override ?? config.global
  const defaults: Pair = modeDefaults(chosen.mode)
  return {
    pair: { bits: chosen.bits?.value ?? defaults.bits, groupSize: chosen.groupSize?.value ?? defaults.groupSize },
    mode: chosen.mode,
    block: chosen,
    isOverride: override !== undefined,
  }
}

/** What MLX takes where a mode is named and a parameter is not. */
export function modeDefaults(mode: string): Pair {
  return mode in floatModes ? floatModes[mode as keyof typeof floatModes] : { bits: 4, groupSize: 64 }
}

function block(node: Node): ParameterBlock {
  const mode = property(node, 'mode')
  return {
    node,
    groupSize: number(property(node, 'group_size')),
    bits: number(property(node, 'bits')),
    mode: mode?.type === 'string' ? String(mode.value) : 'affine',
  }
}

const number = (node: Node | undefined): ConfigNumber | undefined =>
  node?.type === 'number' ? { value: Number(node.value), node } : undefined

function properties(node: Node): { name: string; value: Node }[] {
  return (node.children ?? []).flatMap(p => {
    const [key, value] = p.children ?? []
    return key && value ? [{ name: String(key.value), value }] : []
  })
}

/** The last property of a name, as JSON readers take it. */
const property = (node: Node, name: string) => properties(node).findLast(p => p.name === name)?.value
