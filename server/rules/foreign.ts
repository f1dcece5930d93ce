// Deliveries of another format's tensors to an operation that decodes MLX's. They misfit for a reason of their own, so the
// rules that judge shapes leave them to the rule that names the format.

import type { Delivery } from '../interp/deliveries'
import { isForeign, type Recognition } from '../quant/formats/format'
import { formatOfTensor } from '../quant/formats/formatsOf'

const cache = new WeakMap<Delivery, { readonly recognition: Recognition | undefined }>()

/** Whether MLX would take the weight for its own: packed words. */
export const isPacked = (d: Delivery): boolean => d.weight.dtype === 'U32'

/** The foreign format whose tensors arrive and do not fit; undefined where they fit, or are MLX's, or nobody's known. */
export function foreignFormat(d: Delivery): Recognition | undefined {
  if (d.verdict.kind === 'fits' && isPacked(d)) return undefined
  let known = cache.get(d)
  if (!known) cache.set(d, (known = { recognition: find(d) }))
  return known.recognition
}

function find(d: Delivery): Recognition | undefined {
  for (const { shard, tensor } of [d.weight, d.scales]) {
    const recognition = formatOfTensor(d.model, shard, tensor.name)
    // Where only names differ, the bytes are MLX's and are judged as such.
    if (recognition && isForeign(recognition.format) && recognition.format.convert?.(recognition).kind !== 'rename')
      return recognition
  }
  return undefined
}
