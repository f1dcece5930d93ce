// One running VS Code on a fresh copy of the sample: its own settings, its own folder, gone afterwards.
import fs from 'node:fs'
import path from 'node:path'
import type { CodeServer } from '../../scripts/setup/codeServer.mjs'
import { quietSettings, startVsCodeServer, type VsCodeServer } from '../../scripts/setup/vscodeServer.mjs'
import { writeSample } from '../../scripts/sample/writeSample'

export interface SessionOptions {
  readonly name: string
  readonly codeServer: CodeServer
  /** Folder for everything that the session makes. */
  readonly directory: string
  readonly python: string
  /** Whether VS Code asks for trust; the folder is then not trusted, since nobody grants it. */
  readonly trust: boolean
  readonly env?: Record<string, string>
}

export interface Session {
  readonly server: VsCodeServer
  readonly workspace: string
}

/** Starts a session, lets `use` work with it, and ends it whatever happens. */
export async function withSession<T>(options: SessionOptions, use: (session: Session) => Promise<T>): Promise<T> {
  const dataDirectory = path.join(options.directory, `${options.name}-data`)
  const workspace = path.join(options.directory, options.name, 'llama-split')
  fs.mkdirSync(workspace, { recursive: true })
  writeSample(workspace)
  const settings = {
    ...quietSettings,
    'workbench.colorTheme': 'Default Light Modern',
    // TypeScript misses the type declarations of Node and MLX, which the sample leaves out; every squiggle is then ours.
    'typescript.validate.enable': false,
    'editor.minimap.enabled': false,
    // The page about trust would lie over everything; the folder stays untrusted without it.
    'security.workspace.trust.startupPrompt': 'never',
  }
  const server = await startVsCodeServer(options.codeServer, {
    dataDirectory,
    settings,
    // A path belongs to a machine, and the page's machine is not the server's.
    machineSettings: { 'tensorlint.python': options.python },
    trust: options.trust,
    testDriver: true,
    env: options.env,
    logFile: path.join(options.directory, `${options.name}.log`),
  })
  try {
    return await use({ server, workspace })
  } finally {
    await server.stop()
  }
}
