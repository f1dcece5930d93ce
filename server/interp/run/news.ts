// What a run has met so far, as one number.

import type { Machine } from './machine'

/** Grows with all that a run meets for the first time: functions, keys, files, values of a config. */
export const newsOf = (m: Machine): number =>
  m.called.size +
  m.lookups.size +
  m.keys.size +
  m.loads.size +
  m.modules.size +
  m.written.size +
  m.fileReads.size +
  m.configReads.size +
  m.instantiated.size
