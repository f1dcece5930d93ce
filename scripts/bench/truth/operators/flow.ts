// Faults of what is done with which tensors: loops over layers, renaming, strictness.

import { childOf, field, operatorOf } from '../../../../server/source/syntax'
import type { Site } from '../mutant'
import type { Source } from '../source'
import { isNumber } from '../source'
import { isSpread, present, replace, tight } from './sites'

/** Loops over numbers: what is counted to. */
export function oneMoreTurn(source: Source): Site[] {
  const ranges = source.calls.flatMap(({ name, args }) => {
    const stop = name === 'range' && args.length > 0 && args.length < 3 ? args.at(-1)?.value : undefined
    if (!stop) return []
    return [
      replace(source, stop, isNumber(stop) ? String(Number(source.textOf(stop)) + 1) : `${tight(source, stop)} + 1`),
    ]
  })
  const loops = source.nodes.flatMap(node => {
    const condition = node.type === 'for_statement' ? field(node, 'condition') : undefined
    const right = condition && field(condition, 'right')
    if (!condition || !right || operatorOf(condition) !== '<') return []
    return [replace(source, right, `${tight(source, right)} + 1`)]
  })
  const lengths = source.nodes.flatMap(node => {
    const value =
      node.type === 'pair' && source.textOf(field(node, 'key') ?? node) === 'length' ? field(node, 'value') : undefined
    return value ? [replace(source, value, `${tight(source, value)} + 1`)] : []
  })
  return [...ranges, ...loops, ...lengths]
}

/** Loops over numbers that leave the first one out. */
export function oneTurnLess(source: Source): Site[] {
  const ranges = source.calls.flatMap(({ name, args: [only, other] }) =>
    name === 'range' && only && !other
      ? [replace(source, { start: only.whole.start, end: only.whole.start }, '1, ')]
      : [],
  )
  const loops = source.nodes.flatMap(node => {
    const start = node.type === 'for_statement' ? field(node, 'initializer') : undefined
    const declarator = start && childOf(start, 'variable_declarator')
    const value = declarator && field(declarator, 'value')
    return value && source.textOf(value) === '0' ? [replace(source, value, '1')] : []
  })
  return [...ranges, ...loops]
}

const repairing =
  /sanitize|remap|rename|fuse|unfuse|convert_keys|normali[sz]e|strip|fix_|transform_key|map_key|translate|remove_?prefix|add_?prefix/i

/** A step that renames or reorders tensors is left out: what went in comes out. */
export function dropSanitizer(source: Source): Site[] {
  return present(
    source.calls.map(({ name, node, args, receiver }) => {
      const arg = args.find(one => !isSpread(one))
      if (!repairing.test(name)) return undefined
      if (/^(removeprefix|removesuffix|lstrip|rstrip|strip)$/.test(name)) return undefined
      const isMethodOfText = receiver && /^["'`]/.test(source.textOf(receiver))
      return arg && !isMethodOfText ? replace(source, node, source.textOf(arg.value)) : undefined
    }),
  )
}

/** A call that changes a key's text is left out: the text stays. */
export function dropTextStep(source: Source): Site[] {
  return source.calls.flatMap(({ name, node, receiver }) =>
    /^(removeprefix|removesuffix|replace|lower|strip|replaceAll)$/.test(name) &&
    receiver &&
    !/^(os|shutil|np|mx|dataclasses)$/.test(source.textOf(receiver))
      ? [replace(source, node, source.textOf(receiver))]
      : [],
  )
}

export function flipStrict(source: Source): Site[] {
  return source.calls.flatMap(({ name, args }) => {
    if (!/^load_?weights$/i.test(name)) return []
    const flag = args.find(({ keyword }) => keyword === 'strict') ?? args[1]
    if (!flag) return []
    const other: Readonly<Record<string, string>> = { True: 'False', False: 'True', true: 'false', false: 'true' }
    const text = other[source.textOf(flag.value)]
    return text === undefined ? [] : [replace(source, flag.value, text)]
  })
}

/** A call that quantizes a model in place is left out. */
export function dropQuantize(source: Source): Site[] {
  return source.calls.flatMap(({ name, node, receiver }) => {
    const statement = source.parentOf(node)
    const isAlone = statement?.type === 'expression_statement'
    if (name !== 'quantize' || !receiver || source.textOf(receiver) !== 'nn' || !isAlone) return []
    return [replace(source, node, source.isPython ? 'pass' : 'void 0')]
  })
}

/** Numbers of a model's shape: sizes that are written in the program. */
export function wrongSize(source: Source): Site[] {
  const sizeName =
    /^(hidden|dim|dims|hidden_?(size|dim)|intermediate(_?size)?|mlp_?dim|head_?dim|n_?heads|num_?heads|n_?kv_?heads|vocab(_?size)?|n_?layers|num_?layers|layers|experts|num_?experts)$/i
  return source.nodes.flatMap(node => {
    const name = field(node, 'name') ?? field(node, 'left') ?? field(node, 'key')
    const value = field(node, 'value') ?? field(node, 'right')
    if (!name || !value || !isNumber(value) || !sizeName.test(source.textOf(name).replace(/['"]/g, ''))) return []
    const number = Number(source.textOf(value))
    return [replace(source, value, String(number > 8 ? number / 2 : number + 1))]
  })
}
