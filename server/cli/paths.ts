// The PATHs of a command line: what they stand for, and how paths below them are printed, which is as grep prints them:
// the PATH as typed, joined with the rest.

import { type Stats, statSync } from 'node:fs'
import { basename, dirname, sep } from 'node:path'
import { expandPath } from '../workspace/discover'
import { UsageError } from './io'

export interface Target {
  /** As typed. */
  readonly typed: string
  /** Absolute. */
  readonly path: string
  readonly isFolder: boolean
}

/** Resolves every PATH; a UsageError names the first that does not exist. */
export function readTargets(paths: readonly string[], cwd: string): readonly Target[] {
  return paths.map(typed => {
    if (typed === '') throw new UsageError('an empty PATH')
    const path = expandPath(typed, cwd)
    const stats = lookAt(path, typed)
    if (!stats.isDirectory() && !stats.isFile()) throw new UsageError(`${typed}: neither a file nor a folder`)
    return { typed, path, isFolder: stats.isDirectory() }
  })
}

function lookAt(path: string, typed: string): Stats {
  try {
    return statSync(path)
  } catch (error) {
    const isHidden = (error as NodeJS.ErrnoException).code === 'EACCES'
    throw new UsageError(`${typed}: ${isHidden ? 'may not be read' : 'no such file or folder'}`)
  }
}

/** The folder of a file is what gives it meaning; a folder is itself. */
export const folderOf = ({ path, isFolder }: Target) => (isFolder ? path : dirname(path))

/** Prints absolute paths the way a person would have typed them; what lies under no PATH stays absolute. */
export function pathPrinter(targets: readonly Target[]): (path: string) => string {
  const roots = targets.map(target => {
    if (target.isFolder) return { path: target.path, typed: target.typed }
    // A file's neighbours are printed beside it: `ws/config.json` for `ws/loader.py`, `config.json` for `loader.py`.
    const name = basename(target.path)
    const before = target.typed.endsWith(name) ? target.typed.slice(0, -name.length) : `${dirname(target.typed)}/`
    return { path: dirname(target.path), typed: before }
  })
  return path => {
    for (const { typed, path: own } of targets) if (own === path) return typed
    for (const { typed, path: root } of roots) {
      const prefix = root.endsWith(sep) ? root : root + sep
      if (!path.startsWith(prefix)) continue
      const rest = path.slice(prefix.length)
      return typed === '' ? rest : typed.endsWith('/') || typed.endsWith(sep) ? typed + rest : `${typed}${sep}${rest}`
    }
    return path
  }
}
