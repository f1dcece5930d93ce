// The quantization blocks of config.json, with the place of every value. Overrides are resolved as mlx-lm resolves them:
// the module's path in the loader must match exactly, and an override does not inherit the global values — what it leaves
// out, or gives as null, takes the mode's default (mlx_lm/utils.py, load_model; mlx/nn/layers/quantized.py,
// to_quantized; mlx-lm 0.32.2, MLX 0.32.4). What mlx-lm makes of a whole config is for mlxLm.ts.

import type { JSONPath, Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'
import { floatModes, type Pair } from './affine'
import { loaderPaths } from './loaderPaths'

export interface ConfigNumber {
  readonly value: number
  readonly node: Node
}

export interface ParameterBlock {
  readonly node: Node
  /** Undefined where absent, null, or not a number. */
  readonly groupSize: ConfigNumber | undefined
  readonly bits: ConfigNumber | undefined
  /** `affine` where the block names none. */
  readonly mode: string
  /** The values as written, of whatever kind: null is one. */
  readonly written: Readonly<Partial<Record<'groupSize' | 'bits' | 'mode', Node>>>
}

/** What a block says of one module: parameters, or that it is (not) quantized. */
export type Override = (
  | ParameterBlock
  | { readonly node: Node; readonly quantized: false }
  | { readonly node: Node; readonly quantized: true }
) & {
  /** The key as written. */
  readonly keyNode: Node
}

export interface QuantizationConfig {
  readonly file: JsonFile
  readonly key: 'quantization' | 'quantization_config'
  /** Where the block stands in the file. */
  readonly path: JSONPath
  readonly global: ParameterBlock
  /** Key → what it says; keys that could be a module's only. */
  readonly overrides: ReadonlyMap<string, Override>
  /** `quant_method` where the block names one. */
  readonly method: string | undefined
}

/** The parameters that hold for one module, and the values they come from. */
export interface ModuleParameters {
  readonly pair: Pair
  readonly mode: string
  readonly block: ParameterBlock
  readonly isOverride: boolean
}

const parameterKeys = { groupSize: 'group_size', bits: 'bits', mode: 'mode' } as const

/** Keys of a block that are flags of the whole model, whoever wrote it. */
const flags = new Set(['quantize_activations', 'sym', 'desc_act', 'zero_point', 'quantized', 'dynamic', 'enabled'])

const places: readonly (readonly [QuantizationConfig['key'], JSONPath])[] = [
  ['quantization', ['quantization']],
  ['quantization_config', ['quantization_config']],
  ['quantization', ['text_config', 'quantization']],
  ['quantization_config', ['text_config', 'quantization_config']],
]

const cache = new WeakMap<JsonFile, readonly QuantizationConfig[]>()

/** Every quantization block of a config, whatever method it names, in the order in which MLX's loaders look for it. */
export function quantizationBlocks(file: JsonFile): readonly QuantizationConfig[] {
  let found = cache.get(file)
  if (!found) {
    found = places.flatMap(([key, path]) => {
      const node = findProperty(file.root, path)
      return node?.type === 'object' ? [blockAt(file, key, path, node)] : []
    })
    cache.set(file, found)
  }
  return found
}

/**
 * The blocks that state MLX's parameters, the one that MLX's loaders read first. A foreign method's block speaks of other
 * tensors than MLX's and is left out.
 */
export function quantizationConfigs(file: JsonFile): readonly QuantizationConfig[] {
  return quantizationBlocks(file).filter(block => block.key === 'quantization' || block.method === undefined)
}

/** Parameters of a module; undefined where the config says that it is not quantized. */
export function parametersOf(config: QuantizationConfig, module: string): ModuleParameters | undefined {
  const override = overrideOf(config, module)
  if (override && 'quantized' in override && !override.quantized) return undefined
  const chosen = override && !('quantized' in override) ? override : config.global
  const defaults: Pair = modeDefaults(chosen.mode)
  return {
    pair: { bits: chosen.bits?.value ?? defaults.bits, groupSize: chosen.groupSize?.value ?? defaults.groupSize },
    mode: chosen.mode,
    block: chosen,
    isOverride: chosen !== config.global,
  }
}

/** What the block says of a module under the name that it is stored by, or under the one that loaders give it. */
export function overrideOf(config: QuantizationConfig, module: string): Override | undefined {
  if (config.overrides.size === 0) return undefined
  const direct = config.overrides.get(module)
  if (direct || !mayBeNamed(config, module)) return direct
  for (const path of loaderPaths(module)) {
    const found = config.overrides.get(path)
    if (found) return found
  }
  return undefined
}

const namesByConfig = new WeakMap<ReadonlyMap<string, Override>, ReadonlySet<string>>()

/** Whether some key ends as the module does: told at once, so that other names are only tried for few. */
function mayBeNamed({ overrides }: QuantizationConfig, module: string): boolean {
  let names = namesByConfig.get(overrides)
  if (!names) namesByConfig.set(overrides, (names = new Set([...overrides.keys()].map(lastName))))
  const name = lastName(module)
  return names.has(name) || /^w[123]$/.test(name)
}

const lastName = (path: string) => path.slice(path.lastIndexOf('.') + 1)

/** The mode that a value names; null and nothing name `affine`, and what is no text is no mode, under its own name. */
function modeOf(written: Node | undefined): string {
  return written === undefined || written.type === 'null' ? 'affine' : String(written.value ?? written.type)
}

/** What MLX takes where a mode is named and a parameter is not. */
export function modeDefaults(mode: string): Pair {
  return mode in floatModes ? floatModes[mode as keyof typeof floatModes] : { bits: 4, groupSize: 64 }
}

function blockAt(file: JsonFile, key: QuantizationConfig['key'], path: JSONPath, node: Node): QuantizationConfig {
  const overrides = new Map<string, Override>()
  for (const { keyNode, value } of properties(node)) {
    const name = String(keyNode.value)
    const override = overrideAt(name, value)
    if (override) overrides.set(name, { ...override, keyNode })
  }
  const method = findProperty(node, ['quant_method'])
  return {
    file,
    key,
    path,
    global: parameters(node),
    overrides,
    method: method?.type === 'string' ? String(method.value) : undefined,
  }
}

type Unkeyed<T> = T extends unknown ? Omit<T, 'keyNode'> : never

/** Only what says something about quantizing: other objects and flags of a block are its writer's own. */
function overrideAt(name: string, value: Node): Unkeyed<Override> | undefined {
  if (Object.values(parameterKeys).includes(name as 'mode')) return undefined
  if (value.type === 'object') {
    const isParameters =
      Object.values(parameterKeys).some(key => findProperty(value, [key])) ||
      ((value.children ?? []).length === 0 && name.includes('.'))
    return isParameters ? parameters(value) : undefined
  }
  if (value.type === 'boolean' && !flags.has(name)) return { node: value, quantized: value.value === true }
  // A predicate that returns None leaves the module as it is.
  return value.type === 'null' && name.includes('.') ? { node: value, quantized: false } : undefined
}

function parameters(node: Node): ParameterBlock {
  const written: Partial<Record<'groupSize' | 'bits' | 'mode', Node>> = {}
  for (const which of ['groupSize', 'bits', 'mode'] as const) {
    const value = findProperty(node, [parameterKeys[which]])
    if (value) written[which] = value
  }
  return {
    node,
    groupSize: number(written.groupSize),
    bits: number(written.bits),
    mode: modeOf(written.mode),
    written,
  }
}

const number = (node: Node | undefined): ConfigNumber | undefined =>
  node?.type === 'number' ? { value: Number(node.value), node } : undefined

function properties(node: Node): { keyNode: Node; value: Node }[] {
  return (node.children ?? []).flatMap(p => {
    const [keyNode, value] = p.children ?? []
    return keyNode && value ? [{ keyNode, value }] : []
  })
}
