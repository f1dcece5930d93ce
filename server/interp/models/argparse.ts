// argparse: the defaults of options are what a program runs with unless told otherwise; an option without one is an input.

import { isPosition, unknown } from '../machine'
import { constant, dict, type InstanceValue, isString, none, type Value } from '../value'
import type { LibraryCall } from '../calls'
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
  const known = given && !(given.kind === 'const' && given.value === null) ? given : undefined
  const implied = flag === 'store_true' ? constant(false) : flag === 'store_false' ? constant(true) : undefined
  // Every rank runs the same program; its default is only where counting starts.
  options.set(
    name,
    isPosition(name)
      ? unknown(c.m, `option ${name}`, true)
      : (known ?? implied ?? unknown(c.m, `option ${name}`, true)),
  )
  return none
}

export const argparse: LibraryModel = {
  calls: {
    [className]: (): InstanceValue => ({
      kind: 'instance',
      of: { kind: 'library', name: className },
      attributes: new Map(),
    }),
    [`${className}.add_argument`]: addArgument,
    [`${className}.add_argument_group`]: c => c.self ?? none,
    [`${className}.add_mutually_exclusive_group`]: c => c.self ?? none,
    [`${className}.parse_args`]: c => ({
      kind: 'instance',
      of: { kind: 'library', name: 'argparse.Namespace' },
      attributes: new Map(optionsOf(c) ?? (dict().map as Map<string, Value>)),
    }),
    [`${className}.parse_known_args`]: c => libraryModelOf(c),
  },
}

function libraryModelOf(c: LibraryCall): Value {
  const parse = argparse.calls[`${className}.parse_args`]
  const parsed = parse?.(c) ?? none
  return { kind: 'list', shape: 'tuple', items: [parsed, unknown(c.m, 'other options')], open: false }
}
