// One look at the PATHs of a command: the same session as the server's, run once and without watching.
// A folder is a workspace. A source or JSON file is seen in its folder. A shard is seen alone, with its config.

import { relative } from 'node:path'
import { jsonFilesOf } from '../checkpoint/models'
import type { World } from '../lsp/context'
import type { Finding, ModelSummary } from '../protocol'
import type { Model } from '../checkpoint/facts'
import { faultySettings } from '../policy/policyRules'
import { promptFiles } from '../workspace/nodeFiles'
import { Session, type SessionParts, type SessionState } from '../workspace/session'
import type { CliIo } from './io'
import { folderOf, pathPrinter, readTargets, type Target } from './paths'

export interface Look {
  readonly targets: readonly Target[]
  readonly session: Session
  readonly state: SessionState
  /** Prints an absolute path. */
  readonly show: (path: string) => string
}

const isShard = ({ path, isFolder }: Target) => !isFolder && /\.safetensors$/i.test(path)

/** Analyses the PATHs; the caller disposes the session. An exception of the engine is thrown. */
export async function look(
  paths: readonly string[],
  world: World,
  io: CliIo,
  policy: SessionParts['policy'] = {},
): Promise<Look> {
  const targets = readTargets(paths, io.cwd)
  let failure: { error: unknown } | undefined
  const session = new Session({
    prepare: async () => world.prepare?.(),
    analyse: snapshot => world.analyse(snapshot),
    onError: error => (failure = { error }),
    baseFolder: io.cwd,
    files: promptFiles,
  })
  const folders = targets.filter(target => !isShard(target)).map(folderOf)
  session.configure({
    folders: [...new Set(folders)],
    models: targets.filter(isShard).map(({ path }) => path),
    exclude: [],
    policy,
  })
  const state = await session.current()
  if (failure) {
    session.dispose()
    throw failure.error
  }
  return { targets, session, state, show: pathPrinter(targets) }
}

/**
 * The findings that the PATHs ask for: all of a folder's; of a file's those at the file, those that name it as a reason,
 * and, for a source, those in the models that it loads.
 */
export function askedFindings(seen: Pick<Look, 'targets' | 'state'>): readonly Finding[] {
  return seen.state.analysis.findings.filter(askedFor(seen))
}

/** Tells for a finding whether the PATHs ask for it; faults of the settings concern everything. */
export function askedFor({ targets, state }: Pick<Look, 'targets' | 'state'>): (finding: Finding) => boolean {
  const files = new Set(targets.filter(({ isFolder }) => !isFolder).map(({ path }) => path))
  if (files.size === 0) return () => true
  const folders = targets.filter(({ isFolder }) => isFolder).map(({ path }) => path)
  const loaded = modelFiles(modelsOf(state, files))
  const asked = (path: string) => files.has(path) || loaded.has(path) || folders.some(folder => isBelow(path, folder))
  return ({ rule, path, because }) =>
    rule === faultySettings.id || asked(path) || because.some(({ path }) => files.has(path))
}

/** The models that the PATHs ask for: all of a folder's; for a file those that it is part of or loads. */
export function askedModels({ targets, state }: Pick<Look, 'targets' | 'state'>): readonly Model[] {
  const files = new Set(targets.filter(({ isFolder }) => !isFolder).map(({ path }) => path))
  if (files.size === 0) return state.snapshot.models
  const folders = targets.filter(({ isFolder }) => isFolder).map(({ path }) => path)
  const loaded = new Set(modelsOf(state, files))
  return state.snapshot.models.filter(
    model =>
      loaded.has(model) ||
      folders.some(folder => isBelow(model.path, folder)) ||
      [...modelFiles([model])].some(path => files.has(path)),
  )
}

/** What the commands say of a model. */
export function summary(model: Model, show: (path: string) => string): ModelSummary {
  return {
    path: show(model.path),
    kind: model.kind,
    tensors: model.shards.reduce((sum, shard) => sum + shard.tensors.count, 0),
    bytes: model.shards.reduce((sum, shard) => sum + shard.dataBytes, 0),
    shards: model.shards.map(shard => show(shard.path)),
    config: model.configs[0] ? show(model.configs[0].path) : null,
  }
}

function modelsOf(state: SessionState, files: ReadonlySet<string>): readonly Model[] {
  const paths = new Set(
    state.analysis
      .sites()
      .filter(site => files.has(site.path))
      .flatMap(site => site.models),
  )
  return state.snapshot.models.filter(({ path }) => paths.has(path))
}

const modelFiles = (models: readonly Model[]) =>
  new Set(models.flatMap(model => [...model.shards, ...jsonFilesOf(model)].map(({ path }) => path)))

function isBelow(path: string, folder: string): boolean {
  const rest = relative(folder, path)
  return rest === '' || !(rest === '..' || /^\.\.[\\/]/.test(rest) || /^([a-z]:|[\\/])/i.test(rest))
}
