// argparse: the defaults of options are what a program runs with unless told otherwise; an option without one is an input.

import { unknown } from '../run/machine'
import { isPosition } from '../values/positions'
import { constant, type InstanceValue, isString, none, type Value } from '../values/value'
import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { noteCommand, noteCommands, noteDefault, noteOption, parsed } from './commandWords'
import type { LibraryModel } from './index'

const className = 'argparse.ArgumentParser'
const optionsOf = (c: LibraryCall) => (c.self?.kind === 'instance' ? c.self.attributes : undefined)

/** `--group-size` is read as `group_size`; `dest` wins, then the first long name. */
function destination(c: LibraryCall): string | undefined {
  const dest = c.get(-1, 'dest')
  if (dest && isString(dest)) return dest.value
  const names = c.args.positional.flatMap(a => (isString(a.value) ? [a.value.value] : []))
  const chosen = names.find(n => n.startsWith('--')) ?? names[0]
  return chosen?.replace(/^-+/, '').replace(/-/g, '_')
}

function addArgument(c: LibraryCall): Value {
  const options = optionsOf(c)
  const name = destination(c)
  if (!options || !name) return none
  const action = c.get(-1, 'action')
  const flag = action && isString(action) ? action.value : undefined
  const given = c.get(-1, 'default')
  const isGiven = given && !(given.kind === 'const' && given.value === null)
  const type = c.get(-1, 'type')
  // A default that is a text is read as if it had been typed.
  const known = isGiven ? (isString(given) && type ? callFunction(c.m, type, [given], c) : given) : undefined
  const implied = flag === 'store_true' ? constant(false) : flag === 'store_false' ? constant(true) : undefined
  noteOption(c.self, {
    name,
    flags: c.args.positional.flatMap(a => (isString(a.value) && a.value.value.startsWith('-') ? [a.value.value] : [])),
    action: flag,
    type,
    isPlain: c.get(-1, 'nargs') === undefined,
    otherwise: known ?? implied ?? none,
  })
  // Every rank runs the same program; its default is only where counting starts.
  options.set(name, isPosition(name) ? unknown(c.m, `option ${name}`, true) : (known ?? implied ?? optional(c, name)))
  return none
}

/** An option that is None where it is not given; one that must be given, or stands without dashes, is only an input. */
function optional(c: LibraryCall, name: string): Value {
  const made = unknown(c.m, `option ${name}`, true)
  const required = c.get(-1, 'required')
  const isFlag = c.args.positional.some(a => isString(a.value) && a.value.value.startsWith('-'))
  return isFlag && !required && !c.args.open ? { ...made, otherwise: none } : made
}

/** Defaults that are set by name. */
function setDefaults(c: LibraryCall): Value {
  const options = optionsOf(c)
  for (const [name, { value }] of c.args.keywords) {
    options?.set(name, value)
    if (c.self) noteDefault(c.self, name, value)
    // `set_defaults(func=run)` of a command: `run` gets what its own parser makes.
    if (value.kind === 'function' && c.self?.kind === 'instance') c.m.commands.set(value.def, c.self)
  }
  return none
}

const subparsersClass = 'argparse.Subparsers'

/** Commands: the program is read as it runs without one, and each command's own options keep to themselves. */
const subparsers = (c: LibraryCall): Value => {
  const dest = c.get(-1, 'dest')
  const required = c.get(-1, 'required')
  const isNeeded = required !== undefined && !(required.kind === 'const' && required.value === false)
  if (dest && isString(dest)) optionsOf(c)?.set(dest.value, isNeeded ? unknown(c.m, 'the command', true) : none)
  const made: InstanceValue = {
    kind: 'instance',
    of: { kind: 'library', name: subparsersClass },
    attributes: new Map(),
  }
  if (c.self) noteCommands(c.self, made, dest && isString(dest) ? dest.value : undefined)
  return made
}

function addParser(c: LibraryCall): Value {
  const made = parser()
  const name = c.get(0, 'name')
  if (c.self && name && isString(name)) noteCommand(c.self, name.value, made)
  return made
}

/** What a parser makes of a command line on which nothing stands. */
export const namespaceOf = (options: ReadonlyMap<string, Value> | undefined): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name: 'argparse.Namespace' },
  attributes: new Map(options ?? []),
})

const parser = (): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name: className },
  attributes: new Map(),
})

export const argparse: LibraryModel = {
  calls: {
    [className]: parser,
    [`${className}.set_defaults`]: setDefaults,
    [`${className}.add_subparsers`]: subparsers,
    [`${subparsersClass}.add_parser`]: addParser,
    [`${className}.add_argument`]: addArgument,
    [`${className}.add_argument_group`]: c => c.self ?? none,
    [`${className}.add_mutually_exclusive_group`]: c => c.self ?? none,
    [`${className}.parse_args`]: c => {
      const words = c.get(0, 'args')
      return namespaceOf((words && c.self && parsed(c, c.self, words)) || optionsOf(c))
    },
    [`${className}.parse_known_args`]: c => libraryModelOf(c),
  },
}

function libraryModelOf(c: LibraryCall): Value {
  const parse = argparse.calls[`${className}.parse_args`]
  const parsed = parse?.(c) ?? none
  return { kind: 'list', shape: 'tuple', items: [parsed, unknown(c.m, 'other options')], open: false }
}
