// Node's own modules as far as loaders use them: the process, paths and URLs. Files are in files.ts and writing.ts.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { type Machine, someNumber, unknown } from '../run/machine'
import { isStarted } from '../run/modules'
import { joinPath } from '../run/operators'
import { fail, isCertain } from '../run/refusals'
import { failScript } from '../run/scriptRefusals'
import { kindAt } from '../stored/folders'
import { writtenAt } from '../stored/writtenFiles'
import { partsOf, textOf } from '../values/text'
import {
  constant,
  dict,
  type FileValue,
  isNumber,
  isString,
  library,
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

/** Something that is called once the program has nothing else to do: that is the same to what it computes. */
const later = (c: LibraryCall): Value => {
  const f = c.get(0)
  if (f)
    callFunction(
      c.m,
      f,
      c.args.positional.slice(c.name === 'js.setTimeout' ? 2 : 1).map(a => a.value),
      c,
    )
  return unknown(c.m, 'a timer')
}

/** A path that is known whole. */
function pathText(v: Value | undefined): string | undefined {
  const path = v?.kind === 'file' ? v.path : v
  return path && isString(path) ? path.value : undefined
}

function isAbsolute(c: LibraryCall): Value {
  const path = pathText(c.get(0))
  return path === undefined ? unknown(c.m, 'whether a path is absolute') : constant(path.startsWith('/'))
}

/** `path.relative(from, to)` where one is below the other. */
function relative(c: LibraryCall): Value {
  const [from, to] = [pathText(c.get(0)), pathText(c.get(1))]
  const base = from?.replace(/\/*$/, '/')
  return base !== undefined && to?.startsWith(base) ? constant(to.slice(base.length)) : unknown(c.m, 'a relative path')
}

/** `path.parse(path)`. */
function parsed(c: LibraryCall): Value {
  const path = pathText(c.get(0))
  if (path === undefined) return unknown(c.m, 'the parts of a path')
  const base = path.slice(path.lastIndexOf('/') + 1)
  const ext = /[^.](\.[^.]*)$/.exec(base)?.[1] ?? ''
  const dir = path.slice(0, Math.max(0, path.length - base.length - 1))
  const parts = { root: path.startsWith('/') ? '/' : '', dir, base, ext, name: base.slice(0, base.length - ext.length) }
  return dict(Object.entries(parts).map(([name, text]) => [name, constant(text)]))
}

/** `path.format(parts)`: the opposite. */
function formatted(c: LibraryCall): Value {
  const parts = c.get(0)
  const at = (name: string): string | undefined => {
    const v = parts?.kind === 'dict' ? (parts.map.get(name) ?? constant('')) : undefined
    return v && isString(v) ? v.value : undefined
  }
  const [dir, root, base, name, ext] = ['dir', 'root', 'base', 'name', 'ext'].map(at)
  if (parts?.kind !== 'dict' || parts.open || name === undefined || ext === undefined) return unknown(c.m, 'a path')
  const file = base || name + (ext && !ext.startsWith('.') ? `.${ext}` : ext)
  return constant(dir ? (dir === root ? dir + file : `${dir}/${file}`) : (root ?? '') + file)
}

/** `parseArgs({ options })`: what holds when no option is given. */
function parseArgs(c: LibraryCall): Value {
  const settings = c.get(0)
  const options = settings?.kind === 'dict' ? settings.map.get('options') : undefined
  const values = dict([], options?.kind !== 'dict' || options.open)
  if (options?.kind === 'dict')
    for (const [name, option] of options.map) {
      const type = option.kind === 'dict' ? option.map.get('type') : undefined
      if (type && isString(type) && !/^(string|boolean)$/.test(type.value)) {
        const text = `The "options.${name}.type" property must be ('string|boolean'). Received type string ('${type.value}')`
        failScript(c.m, c.at, 'TypeError', `the type ${type.value}`, 'string or boolean', text)
      }
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

/** `access(path)`, which raises where there is no such file: whether it does is not known of most. */
function access(c: LibraryCall): Value {
  const path = c.get(0)
  const at = path?.kind === 'file' ? path.path : path
  if (!at || !(writtenAt(c.m, at) ?? kindAt(c.m, at, c.at))) c.m.doubts++
  return none
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
    'fs.rm': () => none,
    'fs.mkdir': () => none,
    'fs.unlinkSync': () => none,
    'fs.unlink': () => none,
    'fs.accessSync': access,
    'fs.access': access,
    'fs.realpathSync': c => c.get(0) ?? none,
    'js.process.stdout.write': () => none,
    'js.process.on': () => none,
    'js.process.nextTick': later,
    'js.setTimeout': later,
    'js.setImmediate': later,
    'js.queueMicrotask': later,
    'js.performance.now': c => someNumber(c.m, 'the time'),
    'js.Date.now': c => someNumber(c.m, 'the time'),
    'node.timers.setTimeout': c => c.get(1) ?? none,
    'node.util.inspect': c => unknown(c.m, 'a text to look at'),
    'node.util.format': c => unknown(c.m, 'a text to look at'),
    'node.util.promisify': c => c.get(0) ?? none,
    'node.module.createRequire': () => library('js.require'),
    'node.path.isAbsolute': isAbsolute,
    'node.path.relative': relative,
    'node.path.parse': parsed,
    'node.path.format': formatted,
  },
  properties: {
    'js.process.argv': (m, _self, at) => ({
      ...list([constant('node'), isStarted(m, at.program) ? constant(at.program.path) : unknown(m, 'the program')]),
      open: true,
      optional: true,
    }),
    'js.require.main': (m, _self, at) =>
      (isStarted(m, at.program) ? m.modules.get(at.program)?.vars.get('module') : undefined) ??
      unknown(m, 'the program'),
    'fs.promises': () => library('fs'),
    'node.path.posix': () => library('node.path'),
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
    'node:timers/promises': 'node.timers',
    'timers/promises': 'node.timers',
    module: 'node.module',
    'fs.promises': 'fs',
    'node.url.URL': 'js.URL',
    'node:perf_hooks': 'js',
    'node:buffer': 'js',
    'node:console': 'js',
    'node.util.TextDecoder': 'js.TextDecoder',
  },
}
