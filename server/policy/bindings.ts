// Which checkpoints programs load, as the settings of the project and of the editor say it: the project first. A path is
// relative to the folder of the settings file, or to the workspace folder.

import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Binding } from '../interp/stored/binding'
import type { CheckpointTable } from '../protocol'
import type { FolderPolicy } from './policy'

/** Bindings of the folders' settings files, the deepest folder first, then those of the editor for each workspace folder. */
export function bindingsOf(
  policies: readonly FolderPolicy[],
  editor: CheckpointTable,
  folders: readonly string[],
): readonly Binding[] {
  const deepest = [...policies].sort((a, b) => b.folder.length - a.folder.length)
  return [
    ...deepest.flatMap(({ folder, settings }) =>
      (settings?.checkpoints ?? []).map(({ pattern, path }) => ({ folder, pattern, models: [pathFrom(folder, path)] })),
    ),
    ...folders.flatMap(folder =>
      Object.entries(editor).map(([pattern, paths]) => ({
        folder,
        pattern,
        models: (typeof paths === 'string' ? [paths] : paths).map(path => pathFrom(folder, path)),
      })),
    ),
  ].reduce(merged, [])
}

/** `~` is the home folder; the rest is relative to a folder. */
export const pathFrom = (folder: string, path: string): string =>
  path === '~' || /^~[\\/]/.test(path) ? resolve(join(homedir(), path.slice(1))) : resolve(folder, path)

/** Several paths of one pattern are one binding. */
function merged(all: readonly Binding[], next: Binding): readonly Binding[] {
  const same = all.find(b => b.folder === next.folder && b.pattern === next.pattern)
  return same ? all.map(b => (b === same ? { ...b, models: [...b.models, ...next.models] } : b)) : [...all, next]
}
