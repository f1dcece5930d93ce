// A command line that the program itself gives to argparse: its words are known, and so is all that follows from them.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { constant, isString, type Value } from '../values/value'

interface Option {
  readonly name: string
  /** Empty where it is told by its position. */
  readonly flags: readonly string[]
  readonly action: string | undefined
  readonly type: Value | undefined
  /** It takes one word. */
  readonly isPlain: boolean
  readonly otherwise: Value
}

interface Parser {
  readonly options: Option[]
  readonly defaults: Map<string, Value>
  commands?: { readonly name: string | undefined; readonly parsers: Map<string, Value> }
}

const parsers = new WeakMap<Value, Parser>()
const commandsOf = new WeakMap<Value, NonNullable<Parser['commands']>>()

function parserOf(v: Value): Parser {
  const known = parsers.get(v)
  if (known) return known
  const made: Parser = { options: [], defaults: new Map() }
  parsers.set(v, made)
  return made
}

export function noteOption(parser: Value | undefined, option: Option): void {
  if (parser) parserOf(parser).options.push(option)
}

export const noteDefault = (parser: Value, name: string, value: Value): void =>
  void parserOf(parser).defaults.set(name, value)

export function noteCommands(parser: Value, made: Value, name: string | undefined): void {
  const commands = { name, parsers: new Map<string, Value>() }
  commandsOf.set(made, commands)
  parserOf(parser).commands = commands
}

export const noteCommand = (commands: Value, name: string, parser: Value): void =>
  void commandsOf.get(commands)?.parsers.set(name, parser)

/** What a parser makes of known words; undefined where one of them is not known or not understood. */
export function parsed(c: LibraryCall, parser: Value, given: Value): ReadonlyMap<string, Value> | undefined {
  if (given.kind !== 'list' || given.open || given.optional) return undefined
  const words = given.items.map(item => (isString(item) ? item.value : undefined))
  return words.includes(undefined) ? undefined : read(c, parserOf(parser), words as string[])
}

function read(
  c: LibraryCall,
  { options, defaults, commands }: Parser,
  words: readonly string[],
): ReadonlyMap<string, Value> | undefined {
  const values = new Map<string, Value>([...options.map(o => [o.name, o.otherwise] as const), ...defaults])
  const positions = options.filter(o => o.flags.length === 0)
  if (commands?.name !== undefined) values.set(commands.name, constant(null))
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (!word.startsWith('-')) {
      const command = commands?.parsers.get(word)
      if (command) {
        const inner = read(c, parserOf(command), words.slice(at + 1))
        if (!inner) return undefined
        if (commands?.name !== undefined) values.set(commands.name, constant(word))
        return new Map([...values, ...inner])
      }
      const option = positions.shift()
      if (!option?.isPlain) return undefined
      values.set(option.name, typed(c, option, word))
      continue
    }
    const [flag = '', ...rest] = word.split('=')
    const option = options.find(o => o.flags.includes(flag))
    if (option?.action === 'store_true' || option?.action === 'store_false')
      values.set(option.name, constant(option.action === 'store_true'))
    else {
      const value = rest.length > 0 ? rest.join('=') : words[++at]
      if (!option?.isPlain || value === undefined || (option.action ?? 'store') !== 'store') return undefined
      values.set(option.name, typed(c, option, value))
    }
  }
  // A word that must be there and is not ends the program.
  return positions.some(option => option.isPlain) ? undefined : values
}

const typed = (c: LibraryCall, { type }: Option, word: string): Value =>
  type ? callFunction(c.m, type, [constant(word)], c) : constant(word)
