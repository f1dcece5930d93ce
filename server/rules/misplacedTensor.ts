// The index sends a tensor to a shard that does not hold it: it is in another one, or in none.

import type { Misplaced } from '../checkpoint/indexFit'
import type { Fix } from '../protocol'
import { type Indexed, rangeOfFile, showTensors, usable } from './indexPlaces'
import { type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft } from './rule'
import { baseName, fileStart } from './show'

export const misplacedTensor = defineRule({
  id: 'misplaced-tensor',
  severity: 'warning',
  title: 'The index sends a tensor to the wrong shard',
  *check(facts) {
    for (const each of usable(facts.models))
      for (const misplaced of each.fit.misplaced) yield draft(playersOf(facts, each.model), each, misplaced)
  },
})

function draft(players: Players, { file, fit }: Indexed, { shard, actual, entries }: Misplaced): Draft {
  const names = entries.map(entry => entry.name)
  const first = entries[0]
  const where = actual
    ? `${baseName(actual.path)} does: loaders that look a tensor up by the index do not find it, mlx-lm and transformers read whole files and do`
    : 'nor does any other shard: transformers goes on with fresh random values in its place, mlx-lm ignores the index'
  return {
    path: file.path,
    range: first ? rangeOfFile(file, first) : fileStart,
    severity: actual ? 'warning' : severityOf(players, ['transformers']),
    message: `${baseName(shard.path)} does not hold ${showTensors(names)} that the index puts into it; ${where}`,
    tensors: names,
    because: [shard, ...(actual ? [actual] : [])].map((each, i) => ({
      path: each.path,
      range: fileStart,
      message: i === 0 ? `does not hold ${first?.name ?? ''}` : `holds ${first?.name ?? ''}`,
      ...(i === 1 && first ? { tensor: first.name } : {}),
    })),
    fixes: fixes(fit.named.get(actual ?? shard), file, { shard, actual, entries }),
  }
}

/** More edits than these are a new index. */
const maxEdits = 1_000

function fixes(written: string | undefined, file: Indexed['file'], { actual, entries }: Misplaced): Fix[] {
  if (!actual || written === undefined || entries.length > maxEdits) return []
  return [
    {
      title: `Point ${entries.length === 1 ? 'the entry' : `the ${entries.length} entries`} to ${baseName(actual.path)}`,
      kind: 'safe',
      edits: entries.map(entry => ({
        path: file.path,
        range: rangeOfFile(file, entry),
        newText: JSON.stringify(written),
      })),
    },
  ]
}
