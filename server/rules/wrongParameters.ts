// The program itself passes bits or a group size that its tensors contradict: a literal, a default, MLX's own default
// where the argument is left out, or what a config says of something else. A value that a config gives under the
// parameter's own name is judged where it stands, by another rule.

import type { Delivery } from '../interp/deliveries'
import { placeKey } from '../interp/run/machine'
import type { ConfigPlace, Place } from '../interp/values/value'
import type { Fix } from '../protocol'
import { type Pair, showPair, showPairs } from '../quant/affine'
import { groupBy } from '../util/groupBy'
import {
  type DeliveredTriple,
  type Judgement,
  judgeParameters,
  type Parameter,
  type Passed,
  passed,
  showExpected,
  tripleOf,
} from './parameters'
import { argumentEdit } from './argumentEdit'
import { columnSlice } from './columnSlice'
import { configRead } from './configRead'
import { judgedFor, judgedWhere } from './delivered'
import { ignoredEntry } from './ignoredEntry'
import { defineRule, type Draft, type Facts } from './rule'
import { swappedPair, swappedParameters } from './swappedParameters'
import { baseName, becauseTensor, count, foldNames, rangeOf, showTensor, textAt } from './show'
import { tensorNames } from './transposedTriple'
import { isModeRight } from './wrongMode'

interface Contradiction {
  readonly d: Delivery
  readonly which: Parameter
  readonly judgement: Judgement
  readonly given: { readonly groupSize: number | undefined; readonly bits: number | undefined }
  /** Where the value is written, or the call that leaves it out. */
  readonly place: Place
  readonly isLeftOut: boolean
  /** Whose value it is where a JSON file gives it, as people name it. */
  readonly misread: string | undefined
}

const keyword = { groupSize: 'group_size', bits: 'bits' } as const

export const wrongParameters = defineRule({
  id: 'wrong-quantization-parameters',
  severity: 'error',
  title: 'Bits or group size contradict the tensors',
  *check(facts) {
    const found = judgedWhere(facts, isContradicted).flatMap(contradictions)
    const groups = groupBy(found, c => `${placeKey(c.place)}${c.isLeftOut}${c.which}`)
    for (const group of groups.values()) yield draft(group, facts)
    yield* swappedParameters(facts, isSwapped)
  },
})

const isContradicted = (d: Delivery): boolean => contradictions(d).length > 0

type Given = Contradiction['given']

const judgements = new WeakMap<DeliveredTriple, { readonly given: Given; readonly judgement: Judgement | undefined }>()
/** The same parameters meet the same tensors again after every edit. */
function judgementOf(given: Given, triple: DeliveredTriple): Judgement | undefined {
  const known = judgements.get(triple)
  if (known && known.given.groupSize === given.groupSize && known.given.bits === given.bits) return known.judgement
  const judgement = judgeParameters(given, triple)
  judgements.set(triple, { given, judgement })
  return judgement
}

/** Whether this rule or the one about configs speaks of a delivery's parameters. */
export function isToldByParameters(d: Delivery): boolean {
  if (columnSlice(d)) return false
  if (contradictions(d).length > 0 || isSwapped(d)) return true
  const triple = tripleOf(d)
  const [groupSize, bits] = [passed(d.sink, 'groupSize'), passed(d.sink, 'bits')]
  const given = { groupSize: groupSize.value, bits: bits.value }
  const isConfigs = (which: Parameter) => isOfConfig(which, { groupSize, bits }[which])
  const judgement = triple && judgementOf(given, triple)
  // What the program computes is nobody's to judge by itself, though the other one is the config's.
  return judgement !== undefined && fromProgram(judgement, given, isConfigs).wrong.some(isConfigs)
}

function contradictions(d: Delivery): Contradiction[] {
  const triple = tripleOf(d)
  if (!triple || d.sink.op === 'save_safetensors' || columnSlice(d)) return []
  if (d.scales.dtype === 'U8' && !isModeRight(d)) return []
  const [groupSize, bits] = [passed(d.sink, 'groupSize'), passed(d.sink, 'bits')]
  const given = { groupSize: groupSize.value, bits: bits.value }
  const judgement = judgementOf(given, triple)
  if (!judgement) return []
  const entry = ignoredEntry(d)
  if (entry)
    return (['bits', 'groupSize'] as const).flatMap(which => {
      if (given[which] === entry[which]) return []
      const misread = `the config's for all modules, though its entry for ${d.module} says ${entry[which]}`
      const judged: Judgement = { ...judgement, wrong: [which], wanted: entry, closest: [entry] }
      return [{ d, which, judgement: judged, given, place: d.sink.call, isLeftOut: false, misread }]
    })
  if (isSwapped(d)) return []
  const { wrong, ...found } = fromProgram(judgement, given, which => isOfConfig(which, { groupSize, bits }[which]))
  return wrong.flatMap(which => {
    const spot = isOfConfig(which, { groupSize, bits }[which]) ? undefined : spotOf(d, which)
    return spot ? [{ d, ...spot, judgement: { ...judgement, ...found, wrong }, given }] : []
  })
}

type Spot = Pick<Contradiction, 'which' | 'place' | 'isLeftOut' | 'misread'>

/** Where a parameter would have to be changed; undefined where it is computed. */
function spotOf({ sink }: Delivery, which: Parameter): Spot | undefined {
  const { from } = passed(sink, which)
  const source = from?.kind === 'const' ? from.config : undefined
  const key = source && keyOf(source)
  const told = source && !isConfig(source) ? `${key} of ${baseName(source.file.path)}` : `the config's ${key}`
  const literal = from?.kind === 'const' && from.value !== null && !key ? from.literal : undefined
  if (from && !literal && !key && !(from.kind === 'const' && from.value === null)) return undefined
  return { which, place: literal ?? sink.call, isLeftOut: !literal && !key, misread: key && told }
}

/** Whether bits and group size are passed in each other's place, and not because the config says so. */
const isSwapped = (d: Delivery): boolean =>
  d.sink.op !== 'save_safetensors' &&
  swappedPair(d) !== undefined &&
  !(['groupSize', 'bits'] as const).every(which => isOfConfig(which, passed(d.sink, which)))

/** Whether a value is what a config gives under the parameter's own name. */
function isOfConfig(which: Parameter, { from }: Passed): boolean {
  // Other files have no rule of their own that would say that they are wrong.
  if (from?.kind !== 'const' || !from.config || !isConfig(from.config)) return false
  const key = keyOf(from.config)
  return key === undefined || (which === 'bits' ? /bit|width/i : /group|block/i).test(key)
}

const isConfig = ({ file }: ConfigPlace): boolean => baseName(file.path) === 'config.json'

/** The key that a value of a JSON file stands behind. */
const keyOf = ({ file, offset }: ConfigPlace): string | undefined =>
  /"((?:[^"\\]|\\.)*)"\s*:\s*$/.exec(file.text.slice(Math.max(0, offset - 200), offset))?.[1]

/** Of readings that are as close, the one by which the config is right and the program is wrong. */
function fromProgram(
  judgement: Judgement,
  given: Given,
  isConfigs: (which: Parameter) => boolean,
): Pick<Judgement, 'wrong' | 'wanted'> {
  const wrongOf = (wanted: Pair) =>
    (['bits', 'groupSize'] as const).filter(which => given[which] !== undefined && given[which] !== wanted[which])
  if (!judgement.wrong.every(isConfigs)) return judgement
  const better = judgement.closest.find(pair => !wrongOf(pair).some(isConfigs))
  return better ? { wanted: better, wrong: wrongOf(better) } : judgement
}

function draft(group: readonly Contradiction[], facts: Facts): Draft {
  const first = group[0] as Contradiction
  const { d, which, judgement, given } = first
  const wanted = [...new Set(group.map(c => c.judgement.wanted[which]))]
  const isPython = d.sink.call.program.language === 'python'
  const name = isPython ? keyword[which] : which
  const source = first.misread === undefined ? '' : `, ${first.misread}`
  const found = first.isLeftOut
    ? `${name} is ${!d.sink.arguments[which] ? 'left out' : isPython ? 'None' : 'undefined'}, so MLX takes ${given[which]}`
    : `${name} is ${given[which]}${source}`
  const expected = showExpected(
    wanted,
    group.map(c => c.judgement),
  )
  const evidence = `weight ${showTensor(d.weight)} with scales ${showTensor(d.scales)} is ${showPairs(judgement.pairs)}${judgement.width ? `, ${judgement.width.why}` : ''}`
  const silent =
    judgement.silent && d.scales.dtype !== 'U8'
      ? `; MLX takes ${showPair({ bits: given.bits ?? 0, groupSize: given.groupSize ?? 0 })} without an error and decodes another width`
      : ''
  return {
    path: first.place.program.path,
    range: rangeOf(first.place),
    message: `${found}; the tensors ${expected}: ${evidence}; ${count(new Set(group.map(c => c.d.module)).size, 'module')}, ${foldNames(group.map(c => c.d.module))}${silent}`,
    tensors: [...new Set(group.flatMap(c => tensorNames(c.d)))],
    because: [
      ...(first.isLeftOut
        ? []
        : [{ path: d.sink.call.program.path, range: rangeOf(d.sink.call), message: `used by this ${d.sink.op}` }]),
      becauseTensor(d.weight, `${d.weight.tensor.name} is stored ${showTensor(d.weight.tensor)}`),
      becauseTensor(d.scales, `${d.scales.tensor.name} is stored ${showTensor(d.scales.tensor)}`),
    ],
    fixes: first.misread === undefined ? readingFixes(group, facts) : [],
  }
}

/** A fix for each reading that all of the group have, the one that is told first. */
function readingFixes(group: readonly Contradiction[], facts: Facts): Fix[] {
  const [first] = group as readonly [Contradiction, ...Contradiction[]]
  const { closest, wanted } = first.judgement
  const isShared = (pair: Pair) =>
    group.every(c => c.judgement.closest.some(p => p.bits === pair.bits && p.groupSize === pair.groupSize))
  const sure = group.every(c => c.judgement.closest.length === 1)
  const told = group.every(c => c.judgement.wanted[first.which] === wanted[first.which])
    ? fixes(first, wanted[first.which], facts, sure ? undefined : wanted)
    : []
  const others = sure ? [] : closest.filter(pair => pair !== wanted && isShared(pair))
  return [
    ...told,
    ...others.flatMap(pair => {
      const changed = (['bits', 'groupSize'] as const).filter(
        which => first.given[which] !== undefined && first.given[which] !== pair[which],
      )
      const [which] = changed
      const spot = which && changed.length === 1 ? spotOf(first.d, which) : undefined
      return spot && spot.misread === undefined ? fixes({ ...first, ...spot }, pair[spot.which], facts, pair) : []
    }),
  ]
}

/** `reading` is the pair that a fix is for, where there are others. */
function fixes(c: Contradiction, wanted: number, facts: Facts, reading: Pair | undefined): Fix[] {
  const kind = reading ? 'needs-a-look' : 'safe'
  const purpose = reading ? `, for ${showPair(reading)}` : ''
  const same = (place: Place | undefined) => place && placeKey(place) === placeKey(c.place)
  if (!c.isLeftOut) {
    // Another weight that the same literal serves rightly would be hurt.
    const serves = judgedFor(facts, sink => {
      const from = sink[c.which]
      return from?.kind === 'const' && same(from.literal) === true
    })
    const hurt = serves.some(d => tripleOf(d)?.pairs.every(p => p[c.which] !== wanted))
    if (hurt) return []
    const name = c.d.sink.call.program.language === 'python' ? keyword[c.which] : c.which
    return [
      {
        title: `Change ${name} to ${wanted}${purpose}`,
        kind,
        edits: [{ path: c.place.program.path, range: rangeOf(c.place), newText: String(wanted) }],
      },
      ...readFix(c, wanted, serves, name),
    ]
  }
  const none = c.d.sink.arguments[c.which]
  // An argument that is there and gives None is not passed a second time.
  if (c.place.program.language !== 'python' || (none && !isNone(none))) return []
  const hurt = judgedFor(facts, sink => same(sink.call) === true).some(d =>
    tripleOf(d)?.pairs.every(p => p[c.which] !== wanted),
  )
  if (hurt) return []
  const edit = none
    ? { path: none.program.path, range: rangeOf(none), newText: String(wanted) }
    : argumentEdit(c.place, `${keyword[c.which]}=${wanted}`)
  return edit ? [{ title: `Pass ${keyword[c.which]}=${wanted}${purpose}`, kind, edits: [edit] }] : []
}

const isNone = (place: Place) => textAt(place) === 'None'

/** The value is in the config that the program has read: then it need not be written a second time. */
function readFix(c: Contradiction, wanted: number, serves: readonly Delivery[], name: string): Fix[] {
  const newText = configRead(c.place, c.which, wanted, serves)
  if (newText === undefined) return []
  const edits = [{ path: c.place.program.path, range: rangeOf(c.place), newText }]
  return [{ title: `Read ${name} from the config`, kind: 'needs-a-look', edits }]
}
