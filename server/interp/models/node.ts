// Node's own modules as far as loaders use them: the process, paths and URLs. Files are in files.ts and writing.ts.

import type { LibraryCall } from '../run/calls'
import { type Machine, unknown } from '../run/machine'
import { joinPath } from '../run/operators'
import { fail, isCertain } from '../run/refusals'
import { partsOf, textOf } from '../values/text'
import {
  constant,
  dict,
  type FileValue,
  isNumber,
  isString,
  list,
  none,
  type Place,
  type UnknownValue,
  type Value,
} from '../values/value'
import type { LibraryModel } from './index'

/** Something that whoever runs the program may give. */
const given = (m: Machine, why: string): UnknownValue => ({ ...unknown(m, why, true), optional: true })

const programPath = (at: Place): FileValue => ({ kind: 'file', as: 'path', path: constant(at.program.path) })
const programFolder = (at: Place): FileValue => ({
  kind: 'file',
  as: 'path',
  path: constant(at.program.path.replace(/[/\\][^/\\]*$/, '')),
})

/** `new URL('./weights', import.meta.url)`: a path beside the program. */
function url(c: LibraryCall): Value {
  const [path, base] = [c.get(0), c.get(1)]
  const parts = base?.kind === 'file' ? partsOf(base.path) : undefined
  const last = parts?.[parts.length - 1]
  if (!path || !parts || typeof last !== 'string') return unknown(c.m, 'a URL')
  const folder = textOf([...parts.slice(0, -1), last.replace(/[/\\][^/\\]*$/, '')])
  return joinPath(c.m, folder, path)
}

/** `path.basename(file, suffix)` of a known text. */
function extension(c: LibraryCall): Value {
  const path = c.get(0)
  const text = path?.kind === 'file' ? path.path : path
  if (!text || !isString(text)) return unknown(c.m, 'the extension of a path')
  return constant(/[^./\\](\.[^./\\]*)$/.exec(text.value)?.[1] ?? '')
}

/** `parseArgs({ options })`: what holds when no option is given. */
function parseArgs(c: LibraryCall): Value {
  const settings = c.get(0)
  const options = settings?.kind === 'dict' ? settings.map.get('options') : undefined
  const values = dict([], options?.kind !== 'dict' || options.open)
  if (options?.kind === 'dict')
    for (const [name, option] of options.map) {
      const value = option.kind === 'dict' ? option.map.get('default') : undefined
      values.map.set(name, value ?? given(c.m, 'an option'))
    }
  return dict([
    ['values', values],
    ['positionals', given(c.m, 'the command line')],
  ])
}

/** `process.exit(code)`: nothing catches it, and what follows is not reached. */
function exit(c: LibraryCall): Value {
  const code = c.get(0)
  const end = unknown(c.m, 'the end of the program')
  const isFailure = code !== undefined && isNumber(code) && code.value !== 0
  if (!isCertain(c.m)) return end
  if (!isFailure) {
    if (!code || isNumber(code) || (code.kind === 'const' && code.value === null)) c.m.dead = true
    return end
  }
  const { catching } = c.m
  c.m.catching = 0
  const found = 'the program comes here with this checkpoint and exits'
  const own = {
    at: c.at,
    kind: 'error',
    found,
    expected: undefined,
    raises: `exit ${code.value}`,
    tensors: [],
  } as const
  fail(c.m, { ...(c.m.handling ?? own), errors: [] })
  c.m.catching = catching
  return end
}

export const node: LibraryModel = {
  calls: {
    'js.process.exit': exit,
    'js.URL': url,
    'node.url.pathToFileURL': c => c.get(0) ?? none,
    'node.path.extname': extension,
    'node.path.normalize': c => c.get(0) ?? none,
    'node.util.parseArgs': parseArgs,
    'js.process.cwd': () => ({ kind: 'file', as: 'path', path: constant('.') }),
    'any.slice': c => c.self ?? none,
    'fs.mkdirSync': () => none,
    'fs.rmSync': () => none,
    'fs.promises.readFile': c => ({
      kind: 'file',
      as: 'text',
      path: c.get(0)?.kind === 'file' ? (c.get(0) as FileValue).path : (c.get(0) ?? none),
    }),
  },
  properties: {
    'js.process.argv': (_m, _self, at) => ({
      ...list([constant('node'), constant(at.program.path)], 'list', true),
      optional: true,
    }),
    'js.process.env': m => given(m, 'the environment'),
    'node.path.sep': () => constant('/'),
    'js.import.meta.url': (_m, _self, at) => programPath(at),
    'js.import.meta.filename': (_m, _self, at) => programPath(at),
    'js.import.meta.dirname': (_m, _self, at) => programFolder(at),
    'path.pathname': (_m, self) => self,
    'path.href': (_m, self) => self,
  },
  aliases: {
    'node:process': 'js.process',
    process: 'js.process',
    'node:util': 'node.util',
    util: 'node.util',
    'node:module': 'node.module',
    'fs.promises.readdir': 'fs.readdirSync',
  },
}
