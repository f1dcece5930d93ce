// What is left of the checkpoints behind a dict.

import type { DictValue } from './value'

/** Whether they have more than what was deleted from it. */
export const holdsStored = ({ views, deleted }: DictValue): boolean =>
  views.some(view =>
    view.entries.some(({ shard: { tensors } }) =>
      tensors.count > deleted.size ? true : [...tensors.names()].some(name => !deleted.has(name)),
    ),
  )
