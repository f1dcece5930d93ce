// What the class in `architectures` says of a checkpoint: whether it is a language model with a head, or the inside of one, a
// classifier, a reward model, an embedder, a draft, all of which carry the type and the numbers of the model that they were
// made from.

import type { JsonFile } from '../checkpoint/facts'
import { findProperty } from '../checkpoint/jsonFile'

/** Whether nothing says that the checkpoint is anything but a whole language model. */
export function isLanguageModel(file: JsonFile): boolean {
  const node = findProperty(file.root, ['architectures'])
  const names = (node?.children ?? []).map(child => String(child.value))
  return names.every(name => /For(CausalLM|ConditionalGeneration)$/.test(name) && !/eagle|draft|mtp|medusa/i.test(name))
}
