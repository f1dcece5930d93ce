// Paths as other programs want them: relative to where the command ran, with forward slashes, or as URIs.

import { isAbsolute, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The path below `folder` with forward slashes; a path elsewhere stays absolute. */
export function pathBelow(folder: string, path: string): string {
  const below = relative(folder, path)
  const isBelow = below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below)
  return (isBelow ? below : path).split(sep).join('/')
}

/** A relative URI reference below `folder`, or an absolute file URI. */
export function uriBelow(folder: string, path: string): { uri: string; isRelative: boolean } {
  const below = pathBelow(folder, path)
  if (below.startsWith('/') || isAbsolute(below)) return { uri: pathToFileURL(path).href, isRelative: false }
  return { uri: below.split('/').map(encodeURIComponent).join('/'), isRelative: true }
}

/** A folder as a URI that others can be resolved against. */
export const folderUri = (folder: string) => pathToFileURL(folder).href.replace(/\/*$/, '/')
