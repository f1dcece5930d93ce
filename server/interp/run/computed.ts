// Which methods have run on objects that hold stored tensors: what these do with them need not be asked again.

import type { FunctionDef } from '../../source/ir'
import type { Machine } from './machine'
import type { FunctionValue, InstanceValue } from '../values/value'

/** An object that already holds stored tensors has now shown what this method does with them. */
export function noteComputed(m: Machine, f: FunctionValue): void {
  if (f.self?.kind !== 'instance' || m.uncertain > 0) return
  for (const v of f.self.attributes.values()) {
    if (v.kind !== 'array' || !v.variants.some(x => x.stored)) continue
    noteComputedBy(m, f.self, f.def)
    return
  }
}

function noteComputedBy(m: Machine, self: InstanceValue, def: FunctionDef): void {
  const known = m.computed.get(self)
  if (known) known.add(def)
  else m.computed.set(self, new Set([def]))
  for (const one of self.standsFor ?? []) noteComputedBy(m, one, def)
}
