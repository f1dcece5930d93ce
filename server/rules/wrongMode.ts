// The program names another quantization mode than the one its tensors are in, or none, so that MLX takes `affine`. U8
// scales are of a floating-point mode, told apart by their product of bits and group size; float scales are affine.
// Every mix of them is refused by MLX 0.32.4. Values that come from a config are judged where they stand, by another rule.

import type { Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/run/machine'
import type { Place } from '../interp/values/value'
import type { Edit, Fix } from '../protocol'
import { floatModes, type Pair } from '../quant/affine'
import { groupBy } from '../util/groupBy'
import { argumentEdit } from './argumentEdit'
import { judgedWhere } from './delivered'
import { isPacked } from './foreign'
import { type Parameter, passed } from './parameters'
import { defineRule, type Draft } from './rule'
import { becauseTensor, count, foldNames, rangeOf, showTensor, textAt } from './show'
import { tensorNames } from './transposedTriple'

export const wrongMode = defineRule({
  id: 'wrong-quantization-mode',
  severity: 'error',
  title: 'The quantization mode is not that of the tensors',
  *check(facts) {
    const found = judgedWhere(facts, isToldByMode).flatMap(d => contradiction(d) ?? [])
    for (const group of groupBy(found, c => placeKey(c.place)).values()) yield draft(group)
  },
})

interface Contradiction {
  readonly d: Delivery
  readonly given: string
  readonly wanted: string
  /** Of a floating-point mode: the only one it knows. */
  readonly pair: Pair | undefined
  /** Where the mode is written, or the call that leaves it out. */
  readonly place: Place
  readonly isLeftOut: boolean
}

/** Whether the mode that MLX takes is another than that of the tensors; undefined where either is not known. */
function contradiction(d: Delivery): Contradiction | undefined {
  const { mode: value, call, op } = d.sink
  if (d.verdict.kind !== 'fits' || !isPacked(d) || op === 'save_safetensors' || d.sink.uncertain) return undefined
  // Node's MLX has no modes, and Python's has none to leave out where a layer was made without one.
  if (call.program.language !== 'python' || !textAt(call).endsWith(')')) return undefined
  const isLeftOut = value === undefined || (value.kind === 'const' && value.value === null)
  if (!isLeftOut && (value.kind !== 'const' || typeof value.value !== 'string' || value.config)) return undefined
  const given = isLeftOut || value.kind !== 'const' ? 'affine' : String(value.value)
  const pair = d.scales.dtype === 'U8' ? d.verdict.pairs[0] : undefined
  const wanted = pair ? modeOf(pair) : 'affine'
  if (wanted === undefined || given === wanted || (pair && isUnnoticed(d, given))) return undefined
  const literal = isLeftOut || value.kind !== 'const' ? undefined : value.literal
  if (!isLeftOut && !literal) return undefined
  return { d, given, wanted, pair, place: literal ?? call, isLeftOut }
}

/** Whether this rule speaks of a delivery. */
export const isToldByMode = (d: Delivery): boolean => contradiction(d) !== undefined

/** Whether the program names the floating-point mode of the tensors: its one pair of parameters is then what holds. */
export const isModeRight = (d: Delivery): boolean =>
  d.sink.mode?.kind === 'const' && typeof d.sink.mode.value === 'string' && !contradiction(d)

/** Products look at shapes alone: where the parameters that are passed fit them, another floating-point mode is not noticed. */
function isUnnoticed({ sink, weight, scales }: Delivery, given: string): boolean {
  if (sink.op === 'dequantize' || !(given in floatModes)) return false
  const product = (passed(sink, 'bits').value ?? 0) * (passed(sink, 'groupSize').value ?? 0)
  return product * (scales.shape.at(-1) ?? 0) === (weight.shape.at(-1) ?? 0) * 32
}

const modeOf = (pair: Pair): string | undefined =>
  Object.entries(floatModes).find(([, p]) => p.bits === pair.bits && p.groupSize === pair.groupSize)?.[0]

function draft(group: readonly Contradiction[]): Draft {
  const first = group[0] as Contradiction
  const { d, given, isLeftOut } = first
  const modes = [...new Set(group.map(c => c.wanted))]
  const found = isLeftOut
    ? `mode is ${d.sink.arguments.mode ? 'None' : 'left out'}, so MLX takes affine`
    : `mode is ${given}`
  const reason = first.pair
    ? `scales are ${showTensor(d.scales)}, without biases, and weight ${showTensor(d.weight)}`
    : `scales are ${showTensor(d.scales)}, which no other mode has`
  return {
    path: first.place.program.path,
    range: rangeOf(first.place),
    message: `${found}; the tensors are ${modes.join(' and ')}: ${reason}; ${count(new Set(group.map(c => c.d.module)).size, 'module')}, ${foldNames(group.map(c => c.d.module))}; MLX raises "${raises(first)}"`,
    tensors: [...new Set(group.flatMap(c => tensorNames(c.d)))],
    because: [
      ...(isLeftOut
        ? []
        : [{ path: d.sink.call.program.path, range: rangeOf(d.sink.call), message: `used by this ${d.sink.op}` }]),
      becauseTensor(d.weight, `${d.weight.tensor.name} is stored ${showTensor(d.weight.tensor)}`),
      becauseTensor(d.scales, `${d.scales.tensor.name} is stored ${showTensor(d.scales.tensor)}`),
    ],
    fixes: modes.length === 1 ? fixes(group) : [],
  }
}

function raises({ d, given, pair }: Contradiction): string {
  const tag = `[${d.sink.op}]`
  if (given === 'affine') return `${tag} Biases must be provided for affine quantization.`
  if (!(given in floatModes)) return `${tag} Invalid quantization mode '${given}'.`
  if (!pair) return `${tag} Scale type must be uint8 but received type ${mlxNames[d.scales.dtype] ?? d.scales.dtype}.`
  return d.sink.op === 'dequantize'
    ? `${tag} Shape of scales does not match the matrix given the quantization parameters.`
    : `${tag} The shapes of the weight and scales are incompatible based on bits and group_size.`
}

const mlxNames: Readonly<Record<string, string>> = { F16: 'float16', BF16: 'bfloat16', F32: 'float32' }

/** The mode as it should be, and the other parameters where they are written and do not go with it. */
function fixes(group: readonly Contradiction[]): Fix[] {
  const all = group.map(editsOf)
  const [edits] = all
  const first = group[0]
  if (!first || !edits || all.some(other => JSON.stringify(other) !== JSON.stringify(edits))) return []
  const title = first.isLeftOut ? `Pass mode="${first.wanted}"` : `Change mode to ${first.wanted}`
  return [{ title, kind: 'safe', edits }]
}

function editsOf({ d, wanted, pair, place, isLeftOut }: Contradiction): readonly Edit[] | undefined {
  // Whether biases are passed decides about affine; that is not for an edit of the mode.
  if (!pair && !d.biases) return undefined
  const edits: Edit[] = []
  for (const which of ['groupSize', 'bits'] as const) {
    const edit = pair ? parameterEdit(d, which, pair[which]) : undefined
    if (edit === 'none') return undefined
    if (edit) edits.push(edit)
  }
  const path = place.program.path
  if (isLeftOut) {
    const none = d.sink.arguments.mode
    // An argument that is there and gives None is not passed a second time.
    if (none && textAt(none) !== 'None') return undefined
    const edit = none
      ? { path: none.program.path, range: rangeOf(none), newText: `"${wanted}"` }
      : argumentEdit(place, `mode="${wanted}"`)
    return edit && [...edits, edit]
  }
  const quote = /^["']/.exec(textAt(place))?.[0]
  return quote ? [...edits, { path, range: rangeOf(place), newText: `${quote}${wanted}${quote}` }] : undefined
}

/** What makes a parameter go with the mode; undefined where it does, `none` where it is not written as a literal. */
function parameterEdit(d: Delivery, which: Parameter, wanted: number): Edit | 'none' | undefined {
  const { from } = passed(d.sink, which)
  if (from === undefined || (from.kind === 'const' && (from.value === null || from.value === wanted))) return undefined
  const literal = from.kind === 'const' ? from.literal : undefined
  return literal ? { path: literal.program.path, range: rangeOf(literal), newText: String(wanted) } : 'none'
}
