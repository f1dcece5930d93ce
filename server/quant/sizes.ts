// Sizes that config.json states, with their places: hidden_size and so on, as Hugging Face names them, for one part of a
// model. A wrapper's language model has them in `text_config`, its vision tower in `vision_config`: never mixed. What they
// mean for a given family is for families.ts.

import type { JSONPath, Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'

/** Where the sizes of a part stand. */
export type Part = 'text' | 'vision' | 'audio'

export interface Stated {
  readonly value: number
  readonly node: Node
  /** As written, for people: `text_config.hidden_size`. */
  readonly name: string
  readonly path: JSONPath
}

const sections: Readonly<Record<Part, readonly JSONPath[]>> = {
  text: [['text_config'], ['language_config'], ['llm_config'], ['thinker_config', 'text_config']],
  vision: [['vision_config'], ['vision_tower_config'], ['thinker_config', 'vision_config']],
  audio: [['audio_config'], ['thinker_config', 'audio_config']],
}

/** The part that a module belongs to, by its path. */
export function partOf(module: string): Part {
  if (/(^|\.)(vision_tower|visual|vision_model|vision_encoder|vision|image_encoder|vit)\./.test(module)) return 'vision'
  return /(^|\.)(audio_tower|audio_encoder|audio)\./.test(module) ? 'audio' : 'text'
}

/** The object that holds a part's sizes: its path, empty for the top level; undefined where the config has none for it. */
export function sectionOf(file: JsonFile, part: Part): JSONPath | undefined {
  for (const path of sections[part]) if (findProperty(file.root, path)?.type === 'object') return path
  return part === 'text' ? [] : undefined
}

/** The first of several names that a part's section gives a positive whole number. */
export function stated(file: JsonFile, part: Part, ...names: readonly string[]): Stated | undefined {
  const section = sectionOf(file, part)
  if (!section) return undefined
  for (const name of names) {
    const path = [...section, name]
    const node = findProperty(file.root, path)
    if (node?.type === 'number' && Number.isInteger(node.value) && Number(node.value) > 0)
      return { value: Number(node.value), node, name: path.join('.'), path }
  }
  return undefined
}

/** A flag of a part; undefined where it is absent or no boolean. */
export function flag(file: JsonFile, path: JSONPath): { readonly value: boolean; readonly node: Node } | undefined {
  const node = findProperty(file.root, path)
  return node?.type === 'boolean' ? { value: node.value === true, node } : undefined
}
