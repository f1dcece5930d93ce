// A program opens a file of a checkpoint, and the folder, which was listed, does not hold it: a wrong name, or weights that
// were moved. Said only where the folder holds files of a checkpoint, or data of nearly the same name, so that it is the one
// that is meant, and where nothing in the workspace is seen to make the file.

import { distance } from 'fastest-levenshtein'
import { type FileRead, plainPath } from '../interp/stored/fileReads'
import type { Run } from '../interp/index'
import { placeKey } from '../interp/run/machine'
import type { Fix } from '../protocol'
import { groupBy } from '../util/groupBy'
import { defineRule, type Facts } from './rule'
import { baseName, foldNames, rangeOf, textAt } from './show'

export const absentFile = defineRule({
  id: 'absent-file',
  severity: 'error',
  title: 'The file that is loaded is not there',
  *check({ runs, listed }) {
    if (!listed) return
    const made = new Set(runs.flatMap(run => [...run.made]))
    const written = [...new Set(runs.flatMap(run => [...run.madePaths]))]
    const reads = runs
      .flatMap(run => run.fileReads.map(read => ({ read, run })))
      .filter(
        ({ read }) => !made.has(baseName(read.path)) && !written.some(path => mayBeSame(path, plainPath(read.path))),
      )
    for (const group of groupBy(reads, ({ read }) => placeKey(read.at)).values()) {
      const absent = group.flatMap(({ read, run }) => {
        const folder = folderWithout(read, listed)
        const names = folder === undefined ? namesWritten(read, run, listed) : listed.get(folder)
        return names ? [{ read, run, folder: folder ?? folderOf(plainPath(read.path)), names }] : []
      })
      const [first] = absent
      // In another run the same call finds its files, and which one is meant is not known.
      if (!first || group.some(({ run }) => absent.every(other => other.run !== run))) continue
      const { read, folder } = first
      const names = [...first.names].filter(name => isOfCheckpoint(name) || isNear(name, baseName(read.path))).sort()
      const near = nearest(baseName(read.path), names)
      yield {
        path: read.at.program.path,
        range: rangeOf(read.at),
        message: `${foldNames([...new Set(absent.map(a => baseName(a.read.path)))])} is not in ${baseName(folder) || folder || 'the working folder'}, which holds ${foldNames(names)}; ${raises(read)}`,
        tensors: [],
        because: [],
        fixes: near && absent.length === 1 ? nameFix(read, near) : [],
      }
    }
  },
})

const isOfCheckpoint = (name: string): boolean => /\.safetensors(\.index\.json)?$|^(\w+_)?config\.json$/i.test(name)

const isData = (path: string): boolean => /\.json$/i.test(path)

/** The most letters in which names may differ that were meant to be the same. */
const mostLetters = 4

/** Whether two names are nearly the same: a word more, or a letter less. */
function isNear(name: string, other: string): boolean {
  const extension = /\.\w+$/.exec(other)?.[0]
  if (extension === undefined || !name.endsWith(extension)) return false
  const most = Math.min(mostLetters, (Math.max(name.length, other.length) - extension.length) / 2)
  return distance(name, other) <= most
}

/** Whether two paths may lead to the same file: one of them may be relative. */
const mayBeSame = (a: string, b: string): boolean => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`)

type Listed = NonNullable<Facts['listed']>

/** The folder of a checkpoint that would have to hold the file; undefined where it may be somewhere. */
function folderWithout({ readings }: FileRead, listed: Listed): string | undefined {
  let found: string | undefined
  for (const path of readings) {
    const folder = folderOf(path)
    const names = listed.get(folder)
    if (!names) {
      if (mayExist(folder, listed)) return undefined
      continue
    }
    if (names.has(baseName(path)) || baseName(path).startsWith('.')) return undefined
    const isMeant = [...names].some(name => isOfCheckpoint(name) || (isData(path) && isNear(name, baseName(path))))
    if (found === undefined && isMeant) found = folder
  }
  return found
}

/**
 * What the program itself writes into a folder, which is not there before, or holds nothing of the kind and gets nearly the
 * same name; undefined where that is not what is read from.
 */
function namesWritten(
  { path, readings }: FileRead,
  { made, madePaths }: Run,
  listed: Listed,
): readonly string[] | undefined {
  const folder = folderOf(plainPath(path))
  const isNew = readings.every(reading => !listed.has(folderOf(reading)) && !mayExist(folderOf(reading), listed))
  const names = [...madePaths].filter(other => folderOf(other) === folder).map(baseName)
  const extension = /\.\w+$/.exec(path)?.[0] ?? path
  // A name that is not known may be any.
  if ([...made].some(other => other.endsWith(extension))) return undefined
  if (isNew) return names.some(isOfCheckpoint) ? names : undefined
  const isThere = readings.some(reading => listed.get(folderOf(reading))?.has(baseName(reading)) ?? true)
  return isThere || !names.some(name => isNear(name, baseName(path))) ? undefined : names
}

/** A folder is not there where the nearest listed one above it does not name the way to it. */
function mayExist(folder: string, listed: Listed): boolean {
  for (let below = folder, above = folderOf(folder); above !== below; below = above, above = folderOf(above)) {
    const names = listed.get(above)
    if (names) return names.has(baseName(below))
  }
  return true
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

function nearest(name: string, names: readonly string[]): string | undefined {
  const extension = /\.[a-z.]+$/i.exec(name)?.[0]
  const alike = names.filter(other => extension === undefined || other.endsWith(extension))
  return alike.length === 1 ? alike[0] : alike.sort((a, b) => distance(a, name) - distance(b, name))[0]
}

/** What happens at the call: mlx/io/load.cpp, safetensors' Python binding, and the languages themselves. */
function raises({ how, path, at }: FileRead): string {
  if (how === 'mlx') return `MLX raises "[load_safetensors] Failed to open file ${path}"`
  return how === 'rust' || at.program.language === 'python' ? 'Python raises FileNotFoundError' : 'Node throws ENOENT'
}

/** The name inside the literal is corrected, and what stands around it kept. */
function nameFix({ literal, path }: FileRead, name: string): Fix[] {
  const text = literal && textAt(literal)
  const wrong = baseName(path)
  if (!literal || text?.split(wrong).length !== 2) return []
  return [
    {
      title: `Load ${name} instead`,
      kind: 'needs-a-look',
      edits: [{ path: literal.program.path, range: rangeOf(literal), newText: text.replace(wrong, () => name) }],
    },
  ]
}
