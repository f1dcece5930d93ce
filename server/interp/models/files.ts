// Paths, opened files and JSON in both languages. What matters of a file is which one it is: its path travels with it,
// and checkpoints.ts decides what the path means. Nothing is read here.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { globShards, loadJson, readings } from '../stored/checkpoints'
import { noteFileRead, noteMade } from '../stored/fileReads'
import { filesIn, foldersBelow, kindAt } from '../stored/folders'
import { joinPath } from '../run/operators'
import { type Machine, unknown } from '../run/machine'
import { failScript } from '../run/scriptRefusals'
import { isPosition } from '../values/positions'
import { partsOf, textOf, type Part } from '../values/text'
import { isScratch, writtenAt, writtenMatching } from '../stored/writtenFiles'
import { constant, dict, type FileValue, isString, list, none, type UnknownValue, type Value } from '../values/value'
import type { LibraryModel } from './index'
import { isNone } from './arguments'
import { revived } from './revivers'
import { jsonIn } from './writing'

const asPath = (path: Value): FileValue =>
  path.kind === 'file' && path.as === 'path'
    ? path
    : { kind: 'file', as: 'path', path: path.kind === 'file' ? path.path : path }
const pathOf = (v: Value | undefined): Value => (v?.kind === 'file' ? v.path : (v ?? none))

function joinAll(c: LibraryCall, first: Value | undefined, rest: readonly Value[]): Value {
  let path = first ?? constant('')
  for (const part of rest) path = joinPath(c.m, path, part)
  return asPath(path)
}

/** Cuts or keeps what stands behind the last separator, where that is literal. */
function splitPath(m: Machine, v: Value, keep: 'folder' | 'name'): Value {
  const parts = partsOf(v)
  if (!parts) return unknown(m, 'a path')
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i]
    if (typeof part !== 'string') continue
    const cut = part.replace(/\\/g, '/').lastIndexOf('/')
    if (cut < 0) continue
    const head: Part[] = [...parts.slice(0, i), part.slice(0, cut)]
    const tail: Part[] = [part.slice(cut + 1), ...parts.slice(i + 1)]
    return textOf(keep === 'folder' ? head : tail)
  }
  return keep === 'folder'
    ? parts.length === 1 && typeof parts[0] === 'string'
      ? constant('.')
      : unknown(m, 'the folder of a path')
    : textOf(parts)
}

const folder = (m: Machine, v: Value): Value => asPath(splitPath(m, pathOf(v), 'folder'))
const name = (m: Machine, v: Value): Value => splitPath(m, pathOf(v), 'name')

function withoutExtension(m: Machine, v: Value): Value {
  const parts = partsOf(name(m, v))
  const last = parts?.[parts.length - 1]
  if (!parts || typeof last !== 'string') return unknown(m, 'the stem of a path')
  return textOf([...parts.slice(0, -1), last.replace(/\.[^.]*$/, '')])
}

function suffixOf(m: Machine, v: Value): Value {
  const last = partsOf(name(m, v))?.at(-1)
  return typeof last === 'string' && last.includes('.')
    ? constant(/.(\.[^.]*)$/.exec(last)?.[1] ?? '')
    : unknown(m, 'the suffix of a path')
}

/** `os.path.splitext(path)`: what stands before the last dot of the name, and the rest; a dot in front is no ending. */
function splitExtension(c: LibraryCall): Value {
  const parts = partsOf(pathOf(c.get(0, 'p')))
  const last = parts?.at(-1)
  if (!parts || typeof last !== 'string') return list([unknown(c.m, 'a stem'), unknown(c.m, 'an ending')], 'tuple')
  const isWhole = parts.length === 1
  const ending = (isWhole ? /[^/.][^/]*?(\.[^./]*)$/ : /(\.[^./]*)$/).exec(last)?.[1] ?? ''
  const stem = textOf([...parts.slice(0, -1), last.slice(0, last.length - ending.length)])
  return list([stem, constant(ending)], 'tuple')
}

/** `path.basename(path, suffix)`. */
function baseOf(c: LibraryCall): Value {
  const found = name(c.m, c.get(0) ?? none)
  const suffix = c.get(1)
  if (!suffix) return found
  const parts = partsOf(found)
  const last = parts?.[parts.length - 1]
  if (!parts || typeof last !== 'string' || !isString(suffix)) return unknown(c.m, 'a name without its suffix')
  return last.endsWith(suffix.value) ? textOf([...parts.slice(0, -1), last.slice(0, -suffix.value.length)]) : found
}

function withSuffix(c: LibraryCall): Value {
  const [self, suffix] = [partsOf(pathOf(c.self)), c.get(0)]
  const last = self?.[self.length - 1]
  if (!self || typeof last !== 'string' || !suffix || !isString(suffix)) return unknown(c.m, 'with_suffix')
  return asPath(textOf([...self.slice(0, -1), last.replace(/\.[^./]*$/, '') + suffix.value]))
}

function glob(c: LibraryCall, pattern: Value): Value {
  const found = globShards(c.m, pattern, c.at, c.name.startsWith('path.'))
  return found
    ? list(found.map(v => (c.name === 'path.glob' || c.name === 'path.rglob' ? asPath(v) : v)))
    : list([], 'list', true)
}

function parseJson(c: LibraryCall): Value {
  const file = c.get(0)
  const value =
    jsonIn(file) ??
    (file?.kind === 'file' ? loadJson(c.m, file.path, c.at) : undefined) ??
    (file && isString(file) ? plainJson(c, file.value) : undefined)
  const reviver = c.javascript ? c.get(1) : undefined
  if (value && reviver && !isNone(reviver)) return revived(c, value, reviver)
  if (value) return hooked(c, value, c.get(-1, 'object_hook'))
  return unknown(c.m, 'JSON that is not a config in the workspace', file?.kind === 'file' || file?.kind === 'unknown')
}

/** What `object_hook` makes of every object, the inner ones first. */
function hooked(c: LibraryCall, value: Value, hook: Value | undefined): Value {
  if (!hook || isNone(hook)) return value
  if (value.kind === 'list') return { ...value, items: value.items.map(item => hooked(c, item, hook)) }
  if (value.kind !== 'dict') return value
  const map = new Map([...value.map].map(([key, inner]) => [key, hooked(c, inner, hook)] as const))
  return callFunction(c.m, hook, [{ ...value, map }], c)
}

/** Something that whoever runs the program may give. */
const given = (m: Machine, why: string): UnknownValue => ({ ...unknown(m, why, true), optional: true })

/** `readFile(path, …)` of a promise, or with a function that is called with an error and the contents. */
function readThen(c: LibraryCall): Value {
  const last = c.args.positional.at(-1)?.value
  if (last?.kind !== 'function') return read(c, pathOf(c.get(0)))
  // A file that is not there is an argument of the function then, not an exception.
  callFunction(c.m, last, [none, { kind: 'file', as: 'text', path: pathOf(c.get(0)) }], c)
  return none
}

/** A longer text than this is no literal. */
const longestJson = 10_000

/** What a text of JSON says that the program has itself; a text that is no JSON is not followed. */
function plainJson(c: LibraryCall, text: string): Value {
  if (text.length > longestJson) return unknown(c.m, 'a long JSON text')
  const value = (data: unknown): Value => {
    if (Array.isArray(data)) return list(data.map(value))
    if (typeof data === 'object' && data !== null) return dict(Object.entries(data).map(([k, v]) => [k, value(v)]))
    return constant(data as string | number | boolean | null)
  }
  try {
    return value(JSON.parse(text))
  } catch {
    return unknown(c.m, 'a text that is no JSON')
  }
}

function exists(c: LibraryCall): Value {
  const path = pathOf(c.get(0) ?? c.self)
  const kind = writtenAt(c.m, path) ? 'file' : kindAt(c.m, path, c.at)
  if (!kind) return unknown(c.m, 'whether a file exists')
  return constant(c.name.endsWith('dir') ? kind === 'folder' : !/file$/.test(c.name) || kind === 'file')
}

/** `os.walk(top)`: folders from the top down; what is done to the lists of folders on the way is not followed. */
function walk(c: LibraryCall): Value {
  const top = pathOf(c.get(0, 'top'))
  const found = foldersBelow(c.m, top, c.at)
  const bottomUp = c.get(1, 'topdown')
  if (!found || bottomUp) return list([], 'list', true)
  return list(
    found.map(({ below, folders, files }) =>
      list(
        [
          below === '' ? top : pathOf(joinPath(c.m, top, constant(below))),
          list(folders.map(constant)),
          list(files.map(constant)),
        ],
        'tuple',
      ),
    ),
  )
}

/** A path as it is seen from a folder that it lies below. */
function relative(c: LibraryCall, path: Value, from: Value | undefined): Value {
  if (!isString(path) || !from || !isString(from)) return unknown(c.m, c.name)
  const start = `${from.value.replace(/\/$/, '')}/`
  return path.value.startsWith(start) ? constant(path.value.slice(start.length)) : unknown(c.m, c.name)
}

/** What the program has written into a folder, or what a model's files there are called; what else there is, is not known. */
export function entriesOf(c: LibraryCall, folder: Value, bare: boolean): Value {
  const found = writtenMatching(c.m, [...(partsOf(folder) ?? []), '/*'])
  const stored = found.length === 0 && !isScratch(c.m, folder) ? filesIn(c.m, folder, c.at) : undefined
  const plain = c.args.positional.length <= 1
  if (stored && plain) return list(stored.map(file => (bare ? constant(file) : joinPath(c.m, folder, constant(file)))))
  return list(
    found.map(path => (bare ? splitPath(c.m, path, 'name') : asPath(path))),
    'list',
    !isScratch(c.m, folder) || found.length === 0,
  )
}
const same = (c: LibraryCall): Value => (c.self ? asPath(c.self) : unknown(c.m, 'a path'))
const firstAsPath = (c: LibraryCall): Value => asPath(c.get(0) ?? none)
const read = (c: LibraryCall, path: Value): Value => {
  noteRead(c, path)
  return { kind: 'file', as: 'text', path }
}

const encodings = /^(utf-?8|utf-?16le|ucs-?2|ascii|latin1|binary|base64|base64url|hex|buffer)$/i

/** Node throws for an encoding that it does not know. */
function checkEncoding(c: LibraryCall): void {
  const given = c.get(1)
  const encoding = given?.kind === 'dict' ? given.map.get('encoding') : given
  if (!encoding || !isString(encoding) || encodings.test(encoding.value)) return
  const text = `The argument 'encoding' is invalid encoding. Received '${encoding.value}'`
  failScript(c.m, c.at, 'TypeError', `the encoding ${encoding.value}`, 'utf8 or the like', text)
}

/** `open(path, mode)`: a file that is opened for writing is made, one that is read must be there. */
export function open(c: LibraryCall, path: Value, mode: Value | undefined): Value {
  if (mode !== undefined && !(isString(mode) && /^[rbt]*$/.test(mode.value))) noteMade(c.m, path, true)
  else noteRead(c, path)
  return { kind: 'file', as: 'handle', path }
}

function noteRead(c: LibraryCall, path: Value): void {
  if (!writtenAt(c.m, path)) noteFileRead(c.m, path, c.at, 'open', text => readings(c.m, text, c.at.program.path))
}

export const files: LibraryModel = {
  calls: {
    'py.open': c => open(c, pathOf(c.get(0, 'file')), c.get(1, 'mode')),
    'os.path.join': c =>
      joinAll(
        c,
        c.get(0),
        c.args.positional.slice(1).map(a => a.value),
      ),
    'os.path.dirname': c => folder(c.m, c.get(0) ?? none),
    'os.path.basename': c => name(c.m, c.get(0) ?? none),
    'os.path.splitext': splitExtension,
    'os.path.abspath': firstAsPath,
    'os.path.realpath': firstAsPath,
    'os.path.expanduser': firstAsPath,
    'os.path.normpath': firstAsPath,
    'os.fspath': firstAsPath,
    'os.path.exists': exists,
    'os.path.isfile': exists,
    'os.path.isdir': exists,
    'os.walk': walk,
    'os.path.relpath': c => relative(c, pathOf(c.get(0, 'path')), c.get(1, 'start') && pathOf(c.get(1, 'start'))),
    'os.listdir': c => entriesOf(c, pathOf(c.get(0, 'path')), true),
    'os.getenv': c => {
      const [name, otherwise] = [c.get(0, 'key'), c.get(1, 'default')]
      const isRead = otherwise && name && isString(name) && !isPosition(name.value)
      return isRead ? otherwise : given(c.m, 'an environment variable')
    },
    'glob.glob': c => glob(c, pathOf(c.get(0))),
    'glob.iglob': c => glob(c, pathOf(c.get(0))),
    'pathlib.Path': c =>
      joinAll(
        c,
        c.get(0),
        c.args.positional.slice(1).map(a => a.value),
      ),
    'pathlib.Path.cwd': () => asPath(constant('.')),
    'json.load': parseJson,
    'json.loads': parseJson,
    'path.mkdir': () => none,
    'os.makedirs': () => none,
    'os.mkdir': () => none,
    'path.joinpath': c =>
      joinAll(
        c,
        c.self,
        c.args.positional.map(a => a.value),
      ),
    'path.relative_to': c => asPath(relative(c, pathOf(c.self), c.get(0) && pathOf(c.get(0)))),
    'path.resolve': same,
    'path.absolute': same,
    'path.expanduser': same,
    'path.as_posix': c => pathOf(c.self),
    'path.exists': exists,
    'path.is_file': exists,
    'path.is_dir': exists,
    'path.open': c => open(c, pathOf(c.self), c.get(0, 'mode')),
    'path.read_text': c => read(c, pathOf(c.self)),
    'path.read_bytes': c => read(c, pathOf(c.self)),
    'path.with_suffix': withSuffix,
    'path.with_name': c => joinAll(c, folder(c.m, c.self ?? none), [c.get(0) ?? none]),
    'path.glob': c => glob(c, pathOf(joinPath(c.m, c.self ?? none, c.get(0) ?? none))),
    'path.rglob': c => glob(c, pathOf(joinPath(c.m, joinPath(c.m, c.self ?? none, constant('**')), c.get(0) ?? none))),
    'path.iterdir': c => entriesOf(c, pathOf(c.self), false),
    'file.read': c => ({ kind: 'file', as: 'text', path: pathOf(c.self) }),
    'file.text': c => ({ kind: 'file', as: 'text', path: pathOf(c.self) }),
    'file.json': c => parseJson(c.with({ get: () => c.self })),
    'file.readlines': () => list([], 'list', true),
    'file.close': () => none,
    'file.trim': c => c.self ?? none,
    'file.trimEnd': c => c.self ?? none,
    // Node
    'fs.readFileSync': c => {
      checkEncoding(c)
      return read(c, pathOf(c.get(0)))
    },
    'fs.readFile': readThen,
    'fs.existsSync': exists,
    'node.path.join': c =>
      joinAll(
        c,
        c.get(0),
        c.args.positional.slice(1).map(a => a.value),
      ),
    'node.path.resolve': c =>
      joinAll(
        c,
        c.get(0),
        c.args.positional.slice(1).map(a => a.value),
      ),
    'node.path.dirname': c => folder(c.m, c.get(0) ?? none),
    'node.path.basename': baseOf,
    'node.url.fileURLToPath': firstAsPath,
    'js.JSON.parse': parseJson,
    'js.Bun.file': c => open(c, pathOf(c.get(0)), undefined),
  },
  properties: {
    'path.parent': folder,
    'path.parents': (m, self) => {
      const found: Value[] = []
      for (let at = folder(m, self); found.length < 32; at = folder(m, at)) {
        found.push(at)
        const parts = partsOf(pathOf(at))
        if (parts?.length !== 1 || parts[0] === '.' || parts[0] === '' || parts[0] === '/') break
      }
      return list(found, 'tuple')
    },
    'path.name': name,
    'path.stem': withoutExtension,
    'path.suffix': suffixOf,
    'sys.argv': (_m, _self, at) => ({ ...list([constant(at.program.path)], 'list', true), optional: true }),
    'os.environ': m => given(m, 'the environment'),
    'os.sep': () => constant('/'),
  },
  aliases: {
    'os.path': 'os.path',
    'node:fs': 'fs',
    'node:fs/promises': 'fs',
    'fs/promises': 'fs',
    'node:path': 'node.path',
    path: 'node.path',
    'node:url': 'node.url',
    url: 'node.url',
    'pathlib.PosixPath': 'pathlib.Path',
    'pathlib.PurePath': 'pathlib.Path',
    'pathlib.PurePosixPath': 'pathlib.Path',
  },
}
