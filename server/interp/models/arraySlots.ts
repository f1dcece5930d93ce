// Arguments of MLX that must be arrays. What is surely none (an object of the program, a text, a dict) is refused before
// anything is looked at: nanobind finds no signature that fits, and Python raises TypeError (MLX 0.32.4, measured).

import type { LibraryCall } from '../run/calls'
import { findMember } from '../members/members'
import { refuse, type Site } from '../run/operate'
import { Refused } from '../shapes/shape'
import type { Value } from '../values/value'

/** By the name of the function: how the arguments from the first on are called. */
const slots: Readonly<Record<string, readonly string[]>> = {
  'mlx.core.matmul': ['a', 'b'],
  'mlx.core.addmm': ['c', 'a', 'b'],
  'mlx.core.take': ['a'],
  'mlx.core.conv1d': ['input', 'weight'],
  'mlx.core.conv2d': ['input', 'weight'],
  'mlx.core.quantize': ['w'],
  'mlx.core.dequantize': ['w', 'scales', 'biases'],
  'mlx.core.quantized_matmul': ['x', 'w', 'scales', 'biases'],
  'mlx.core.gather_qmm': ['x', 'w', 'scales', 'biases'],
  'mlx.core.fast.rms_norm': ['x', 'weight'],
  'mlx.core.fast.layer_norm': ['x', 'weight', 'bias'],
  'mlx.core.fast.rope': ['a'],
  'mlx.core.fast.scaled_dot_product_attention': ['q', 'k', 'v'],
}

/** What a value is that is no array for sure; undefined where it may be one, or become one. */
export function noArrayFor(v: Value): string | undefined {
  if (v.kind === 'const') return typeof v.value === 'string' ? 'a text' : undefined
  if (v.kind === 'template') return 'a text'
  if (v.kind === 'dict') return 'a dict'
  if (v.kind === 'function') return 'a function'
  if (v.kind !== 'instance') return undefined
  if (v.of.kind === 'library')
    return /^mlx\.nn\.\w+$/.test(v.of.name) ? `the module ${v.of.name.slice('mlx.'.length)}` : undefined
  return findMember(v.of, '__mlx_array__') || findMember(v.of, '__array__') ? undefined : `a ${v.of.def.name}`
}

/** Whether a call of MLX was refused because it gets something else for an array. */
export function refusesArguments(c: LibraryCall): boolean {
  const names = slots[c.name]
  if (!names || c.m.free || c.args.open) return false
  for (const [i, name] of names.entries()) {
    const given = c.get(i, name)
    const what = given && noArrayFor(given)
    if (what === undefined) continue
    refuseAs(c, c.name.replace(/^.*\./, ''), name, what)
    return true
  }
  return false
}

/** Says that something is no array. */
export function refuseAs(site: Site, op: string, name: string, what: string): void {
  const text = `${op}(): incompatible function arguments. The following argument types are supported:`
  refuse(site, new Refused(`${name} is ${what}`, 'an array', text, 'TypeError'), [], 'mlx')
}
