// The interpreter that the Python extension has chosen for the workspace, without depending on that extension: when it
// is not installed, or not awake, the path is empty and the server falls back to `python3`. It is woken only when a
// verification needs to know; its API is described at https://github.com/microsoft/vscode-python/wiki/Python-Environment-APIs.
import * as vscode from 'vscode'

interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): EnvironmentPath
    resolveEnvironment(path: EnvironmentPath): Promise<{ executable: { uri?: vscode.Uri } } | undefined>
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>
  }
}

interface EnvironmentPath {
  readonly id: string
  readonly path: string
}

export class PythonInterpreter implements vscode.Disposable {
  private current = ''
  private api: PythonApi | undefined
  private readonly changed = new vscode.EventEmitter<void>()
  private readonly subscriptions: vscode.Disposable[] = [this.changed]

  readonly onDidChange = this.changed.event

  constructor(private readonly output: vscode.LogOutputChannel) {
    const extension = vscode.extensions.getExtension('ms-python.python')
    if (extension?.isActive) void this.refresh()
  }

  /** The executable's path; empty when not known. */
  get path(): string {
    return this.current
  }

  /** Asks the Python extension, waking it if it is installed. Never rejects: without an answer the path stays. */
  async refresh(): Promise<void> {
    try {
      const api = await this.connect()
      if (!api) return
      const active = api.environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri)
      const resolved = await api.environments.resolveEnvironment(active)
      this.set(resolved?.executable.uri?.fsPath ?? active.path)
    } catch (error) {
      this.output.warn(`The Python extension gave no interpreter: ${String(error)}`)
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose()
  }

  private async connect(): Promise<PythonApi | undefined> {
    if (this.api) return this.api
    const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python')
    const api = await extension?.activate()
    // Very old versions have no `environments`.
    if (!api?.environments || this.api) return this.api
    this.api = api
    this.subscriptions.push(api.environments.onDidChangeActiveEnvironmentPath(() => void this.refresh()))
    return api
  }

  private set(path: string): void {
    if (path === this.current) return
    this.current = path
    this.changed.fire()
  }
}
