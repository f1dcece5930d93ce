// A config.json that does not parse, or is no object: every loader that reads it stops there.

import type { JsonFile } from '../checkpoint/facts'
import { defineRule } from './rule'
import { rangeIn } from './show'

export const invalidConfig = defineRule({
  id: 'invalid-config',
  severity: 'error',
  title: 'config.json is not valid JSON',
  *check({ configs }) {
    for (const file of configs) {
      const first = file.problems[0] ?? notAnObject(file)
      if (!first) continue
      yield {
        path: file.path,
        range: rangeIn(file, first.offset, first.offset + first.length),
        message: first.message,
        tensors: [],
      }
    }
  },
})

function notAnObject({ root, text }: JsonFile) {
  if (!root || root.type === 'object') return undefined
  const { offset, length } = root
  const shown = text.slice(offset, offset + Math.min(length, 40))
  return { offset, length, message: `the config is ${shown}, expected an object: nothing in it has a name` }
}
