// Faults of a config.json that no longer says what the tensors say.

import { findNodeAtLocation, parseTree, type Node as JsonNode } from 'jsonc-parser'
import type { Operator, Site } from '../mutant'
import type { OffsetEdit } from '../offsets'

/** A config file, and how its values change. */
export interface Config {
  readonly path: string
  readonly text: string
  readonly root: JsonNode
}

/** An operator over every config.json of a specimen. */
export function onConfig(id: string, what: string, find: (config: Config) => readonly Site[]): Operator {
  return {
    id,
    target: 'config',
    what,
    sites: ({ files }) =>
      [...files].flatMap(([path, file]) => {
        const root = file.kind === 'text' && /(^|\/)config\.json$/.test(path) ? parseTree(file.text) : undefined
        return root && file.kind === 'text' ? find({ path, text: file.text, root }) : []
      }),
  }
}

const site = (config: Config, edit: OffsetEdit): Site => ({ edits: new Map([[config.path, [edit]]]) })

const change = (config: Config, node: JsonNode, value: unknown): Site =>
  site(config, { start: node.offset, end: node.offset + node.length, newText: JSON.stringify(value) })

/** A property taken out with its comma. */
function remove(config: Config, property: JsonNode): Site {
  const siblings = property.parent?.children ?? []
  const index = siblings.indexOf(property)
  const [before, after] = [siblings[index - 1], siblings[index + 1]]
  const end = property.offset + property.length
  if (after) return site(config, { start: property.offset, end: after.offset, newText: '' })
  return site(config, { start: before ? before.offset + before.length : property.offset, end, newText: '' })
}

const blocks = ['quantization', 'quantization_config']

/** The block that says how the model is quantized, wherever it stands. */
function quantizationOf({ root }: Config): JsonNode | undefined {
  const places = [root, findNodeAtLocation(root, ['text_config'])]
  for (const place of places)
    for (const name of blocks) {
      const found = place && findNodeAtLocation(place, [name])
      if (found?.type === 'object') return found
    }
  return undefined
}

interface Setting {
  readonly key: string
  readonly value: JsonNode
  readonly property: JsonNode
}

function settingsOf(node: JsonNode | undefined): Setting[] {
  if (node?.type !== 'object') return []
  return (node.children ?? []).flatMap(property => {
    const [key, value] = property.children ?? []
    return key && value ? [{ key: String(key.value), value, property }] : []
  })
}

/** Every setting at any depth. */
function allSettings(node: JsonNode): Setting[] {
  return [
    ...settingsOf(node).flatMap(setting => [setting, ...allSettings(setting.value)]),
    ...(node.type === 'array' ? (node.children ?? []).flatMap(allSettings) : []),
  ]
}

const otherNumbers: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  group_size: { 16: [32], 32: [64], 64: [32, 128], 128: [64, 32] },
  bits: { 2: [4], 3: [4], 4: [8, 2], 5: [4], 6: [4, 8], 8: [4] },
}

/** A number of the quantization block, at the top. */
export const wrongQuantizationNumber =
  (key: 'group_size' | 'bits') =>
  (config: Config): Site[] =>
    settingsOf(quantizationOf(config))
      .filter(setting => setting.key === key)
      .flatMap(({ value }) =>
        (otherNumbers[key]?.[String(value.value)] ?? []).map(other => change(config, value, other)),
      )

export function wrongMode(config: Config): Site[] {
  const others: Readonly<Record<string, string>> = { affine: 'mxfp4', mxfp4: 'affine', mxfp8: 'mxfp4', nvfp4: 'mxfp4' }
  return settingsOf(quantizationOf(config)).flatMap(({ key, value }) => {
    const other = key === 'mode' ? others[String(value.value)] : undefined
    return other === undefined ? [] : [change(config, value, other)]
  })
}

export const missingQuantizationKey =
  (wanted: string) =>
  (config: Config): Site[] =>
    settingsOf(quantizationOf(config)).flatMap(({ key, property }) =>
      key === wanted ? [remove(config, property)] : [],
    )

export function missingQuantization(config: Config): Site[] {
  const block = quantizationOf(config)
  return block?.parent ? [remove(config, block.parent)] : []
}

const overrides = (config: Config): Setting[] =>
  settingsOf(quantizationOf(config)).filter(({ value }) => value.type === 'object' || value.type === 'boolean')

export const missingOverride = (config: Config): Site[] =>
  overrides(config).map(({ property }) => remove(config, property))

export function wrongOverride(config: Config): Site[] {
  return overrides(config).flatMap(({ value }) =>
    settingsOf(value).flatMap(({ key, value: number }) =>
      (otherNumbers[key]?.[String(number.value)] ?? []).slice(0, 1).map(other => change(config, number, other)),
    ),
  )
}

/** A number of the model's shape, at any depth, outside of the quantization block. */
export const staleNumber =
  (wanted: RegExp, other: (value: number) => number) =>
  (config: Config): Site[] => {
    const block = quantizationOf(config)
    return allSettings(config.root).flatMap(({ key, value }) => {
      const inside = block && value.offset > block.offset && value.offset < block.offset + block.length
      if (inside || !wanted.test(key) || typeof value.value !== 'number') return []
      return [change(config, value, other(value.value))]
    })
  }

/** A key that the model's shape is read from is not there. */
export function missingKey(config: Config): Site[] {
  return settingsOf(config.root).flatMap(({ key, property, value }) =>
    /^(quantization(_config)?|model_type|architectures)$/.test(key) || value.type === 'object'
      ? []
      : [remove(config, property)],
  )
}
