// Which methods have run on objects that hold stored tensors: what these do with them need not be asked again.

import type { FunctionDef } from '../../source/ir'
import type { Machine } from './machine'
import type { FunctionValue, InstanceValue } from '../values/value'

/** An object that already holds stored tensors has now shown what this method does with them. */
export function noteComputed(m: Machine, f: FunctionValue): void {
  if (f.self?.kind !== 'instance' || m.uncertain > 0) return
  for (const v of f.self.attributes.values()) {
    if (v.kind !== 'array' || !v.variants.some(x => x.stored)) continue
    noteComputedBy(f.self, f.def)
    return
  }
}

type Methods = ReadonlySet<FunctionDef> | undefined

/** Objects that are alike share one set: there may be as many of them as there are experts in all layers. */
function noteComputedBy(self: InstanceValue, def: FunctionDef, made?: Map<Methods, Methods>): void {
  const known = self.computed
  const ofAll = self.standsFor ? (made ?? new Map<Methods, Methods>()) : made
  if (!known?.has(def)) {
    const own = ofAll?.get(known) ?? new Set([...(known ?? []), def])
    ofAll?.set(known, own)
    self.computed = own
  }
  if (self.standsFor) for (const one of self.standsFor) noteComputedBy(one, def, ofAll)
}
