// A config.json that does not parse: every loader that reads it stops there.

import { defineRule } from './rule'
import { rangeIn } from './show'

export const invalidConfig = defineRule({
  id: 'invalid-config',
  severity: 'error',
  title: 'config.json is not valid JSON',
  *check({ configs }) {
    for (const file of configs) {
      const first = file.problems[0]
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
