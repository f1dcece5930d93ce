// How a program could read a quantization parameter from the config that it has loaded already, in place of a literal.

import type { JsonFile } from '../checkpoint/facts'
import type { Delivery } from '../interp/deliveries'
import type { Place } from '../interp/values/value'
import { parametersOf, quantizationConfigs } from '../quant/config'
import type { Expr, FunctionDef, Program, Stmt } from '../source/ir'
import type { Parameter } from './parameters'

const keys = { groupSize: 'group_size', bits: 'bits' } as const

/**
 * `config["quantization"]["group_size"]` for a literal: where a variable before it holds the parsed config, and the config
 * says for every one of the deliveries what their tensors say. Undefined elsewhere.
 */
export function configRead(
  literal: Place,
  which: Parameter,
  wanted: number,
  deliveries: readonly Delivery[],
): string | undefined {
  const says = (file: JsonFile | undefined, module: string) => {
    const config = file && quantizationConfigs(file)[0]
    if (!config || config.path.length !== 1 || config.path[0] !== 'quantization') return false
    const parameters = parametersOf(config, module)
    return parameters?.isOverride === false && parameters.block[which]?.value === wanted
  }
  if (!deliveries.every(d => says(d.model.configs[0], d.module))) return undefined
  const name = configVariable(literal)
  if (name === undefined) return undefined
  return literal.program.language === 'python'
    ? `${name}["quantization"]["${keys[which]}"]`
    : `${name}.quantization.${keys[which]}`
}

interface Parsed {
  readonly name: string
  readonly end: number
  /** The functions that it stands in, outermost first. */
  readonly inside: readonly FunctionDef[]
}

const kept = new WeakMap<Program, readonly Parsed[]>()

/** The last variable before a place that is visible there and holds parsed JSON that is called a config. */
function configVariable({ program, span }: Place): string | undefined {
  let parsed = kept.get(program)
  if (!parsed) kept.set(program, (parsed = collect(program)))
  const holds = (def: FunctionDef) => def.span.start <= span.start && span.end <= def.span.end
  return parsed.findLast(p => p.end <= span.start && p.inside.every(holds))?.name
}

function collect(program: Program): readonly Parsed[] {
  const found: Parsed[] = []
  const walk = (body: readonly Stmt[], inside: readonly FunctionDef[], heading: string): void => {
    for (const s of body) {
      if (s.kind === 'assign' && s.target.kind === 'name' && isParse(s.value)) {
        const text = heading + program.text.slice(s.span.start, s.span.end)
        if (/config/i.test(text)) found.push({ name: s.target.name, end: s.span.end, inside })
      } else if (s.kind === 'function') walk(s.def.body, [...inside, s.def], '')
      else if (s.kind === 'class') for (const def of s.def.methods) walk(def.body, [...inside, def], '')
      else if (s.kind === 'with') {
        // `with open("config.json") as f:` says what `json.load(f)` reads.
        const opened = s.items.map(i => program.text.slice(i.value.span.start, i.value.span.end)).join(' ')
        walk(s.body, inside, `${opened} `)
      } else if (s.kind === 'block') walk(s.body, inside, heading)
    }
  }
  walk(program.body, [], '')
  return found
}

function isParse(e: Expr): boolean {
  if (e.kind !== 'call' || e.callee.kind !== 'attribute' || e.callee.object.kind !== 'name') return false
  const { object, name } = e.callee
  return object.name === 'json' ? /^loads?$/.test(name) : object.name === 'JSON' && name === 'parse'
}
