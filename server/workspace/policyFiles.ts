// Finds and reads the files that say what people want to hear of: `.tensorlintrc.json` and the baseline, in a workspace
// folder or the nearest folder above it, up to the root of its repository. Reading them again gives the same objects
// as long as their texts are the same.

import { dirname, join, resolve } from 'node:path'
import { baselineFileName, readBaseline, type Baseline } from '../policy/baseline'
import type { FolderPolicy } from '../policy/policy'
import { readSettingsFile, settingsFileName, type SettingsFile } from '../policy/settingsFile'
import { type Files, fileStamp, patientFiles } from './nodeFiles'

/** A baseline of every finding of a huge workspace has a few megabytes; anything larger is no baseline. */
const MAX_BYTES = 64 * 1024 * 1024

/** Whether a change to a file of this name may change the policy. */
export const isPolicyFile = (path: string): boolean => /(^|[\\/])\.tensorlint(rc|-baseline)\.json$/.test(path)

export class PolicyFiles {
  private last: readonly FolderPolicy[] = []

  constructor(private readonly files = patientFiles) {}

  /** The policies that hold in these folders; the same list as before where nothing changed. Never rejects. */
  async read(folders: readonly string[]): Promise<readonly FolderPolicy[]> {
    const places = new Set<string>()
    for (const folder of folders) {
      const place = await nearest(folder, this.files)
      if (place !== undefined) places.add(place)
    }
    const policies: FolderPolicy[] = []
    for (const folder of places) policies.push(await this.folderPolicy(folder))
    const same = policies.length === this.last.length && policies.every((policy, i) => policy === this.last[i])
    if (!same) this.last = policies
    return this.last
  }

  private async folderPolicy(folder: string): Promise<FolderPolicy> {
    const before = this.last.find(policy => policy.folder === folder)
    const settings = await settingsIn(folder, this.files, before?.settings)
    const baseline = await baselineAt(
      resolve(folder, settings?.baseline ?? baselineFileName),
      this.files,
      before?.baseline,
    )
    return before && before.settings === settings && before.baseline === baseline
      ? before
      : { folder, settings, baseline }
  }
}

/** A baseline file; undefined where it cannot be read. */
export async function baselineAt(path: string, files = patientFiles, before?: Baseline): Promise<Baseline | undefined> {
  const text = await textOf(path, files)
  if (text === undefined) return undefined
  return before?.path === path && before.text === text ? before : readBaseline(path, text)
}

async function settingsIn(
  folder: string,
  files: Files,
  before: SettingsFile | undefined,
): Promise<SettingsFile | undefined> {
  const path = join(folder, settingsFileName)
  const text = await textOf(path, files)
  if (text === undefined) return undefined
  return before?.text === text ? before : readSettingsFile(path, text)
}

/** The folder itself or the nearest above it that holds one of the files; a repository's root is the last one asked. */
async function nearest(folder: string, files: Files): Promise<string | undefined> {
  for (let place = folder; ; place = dirname(place)) {
    for (const name of [settingsFileName, baselineFileName]) if (await fileStamp(join(place, name), files)) return place
    const isRoot = (await files.stat(join(place, '.git'))) !== undefined
    if (isRoot || dirname(place) === place) return undefined
  }
}

async function textOf(path: string, files: Files): Promise<string | undefined> {
  const stamp = await fileStamp(path, files)
  if (!stamp || stamp.sizeBytes > MAX_BYTES) return undefined
  return files.read(path).then(
    text => text.toString(),
    () => undefined,
  )
}
