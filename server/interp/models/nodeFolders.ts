// What a folder holds, as Node lists it: names, names of all that is below, or entries that know what they are.

import { callFunction, type LibraryCall } from '../run/calls'
import { joinPath } from '../run/operators'
import { foldersBelow, type Visited } from '../stored/folders'
import { constant, list, none, truth, type Value } from '../values/value'
import { entriesOf } from './files'
import type { LibraryModel } from './index'

const entryName = 'fs.Dirent'

/** One entry of a folder, which says what it is. */
const entry = (folder: Value, name: string, isFolder: boolean): Value => ({
  kind: 'instance',
  of: { kind: 'library', name: entryName },
  attributes: new Map<string, Value>([
    ['name', constant(name)],
    ['path', folder],
    ['parentPath', folder],
    ['#folder', constant(isFolder)],
  ]),
})

const isFolder = (c: LibraryCall): boolean => {
  const held = c.self?.kind === 'instance' ? c.self.attributes.get('#folder') : undefined
  return held?.kind === 'const' && held.value === true
}

/** The entries of one folder that was visited, folders first. */
function entriesIn(c: LibraryCall, top: Value, { below, folders, files }: Visited): Value[] {
  const folder = below === '' ? top : joinPath(c.m, top, constant(below))
  const path = folder.kind === 'file' ? folder.path : folder
  return [...folders.map(name => entry(path, name, true)), ...files.map(name => entry(path, name, false))]
}

/** `readdir(folder, { withFileTypes, recursive })`. */
function listed(c: LibraryCall, options: Value | undefined): Value {
  const given = c.get(0) ?? none
  const folder = given.kind === 'file' ? given.path : given
  const flag = (name: string): boolean | undefined => {
    const v = options?.kind === 'dict' ? options.map.get(name) : undefined
    return v ? truth(v, true) : options?.kind === 'dict' && options.open ? undefined : false
  }
  const [withTypes, recursive] = [flag('withFileTypes'), flag('recursive')]
  if (withTypes === undefined || recursive === undefined) return list([], 'list', true)
  const names = entriesOf({ ...c, args: { ...c.args, positional: c.args.positional.slice(0, 1) } }, folder, true)
  if (!withTypes && !recursive) return names
  // What the program has written there comes by name only.
  const visited =
    names.kind === 'list' && names.items.length > 0 && names.open ? undefined : foldersBelow(c.m, folder, c.at)
  const [first] = visited ?? []
  if (!visited || !first) return list([], 'list', true)
  if (withTypes) return list((recursive ? visited : [first]).flatMap(one => entriesIn(c, folder, one)))
  return list(
    visited.flatMap(({ below, folders, files }) =>
      [...folders, ...files].map(name => constant(below === '' ? name : `${below}/${name}`)),
    ),
  )
}

/** The same with a function that is called with an error and the entries, or as a promise. */
function listedThen(c: LibraryCall): Value {
  const last = c.args.positional.at(-1)?.value
  if (last?.kind !== 'function') return listed(c, c.get(1))
  callFunction(c.m, last, [none, listed(c, c.args.positional.length > 2 ? c.get(1) : undefined)], c)
  return none
}

export const nodeFolders: LibraryModel = {
  calls: {
    'fs.readdirSync': c => listed(c, c.get(1)),
    'fs.readdir': listedThen,
    [`${entryName}.isFile`]: c => constant(!isFolder(c)),
    [`${entryName}.isDirectory`]: c => constant(isFolder(c)),
  },
}
