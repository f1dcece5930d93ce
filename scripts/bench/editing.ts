// How long the server takes from a keystroke to its diagnostics, and how much memory it needs meanwhile: the built server
// over its real stdio, a loader of 1,000 lines open, the DeepSeek checkpoint bound to it. The debounce is set to nothing;
// each of 200 edits changes another place of the file, and the time ends with the diagnostics of that version. Before the
// first, the file is looked at for two seconds: the server uses them (workspace/rehearsal.ts). Between the edits is no time.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import { serverFlags } from '../../server/protocol'
import type { Row } from './row'

const edits = 200
const lookedAtMs = 2_000

export interface EditingFiles {
  /** The workspace: `loader.py`, and the checkpoint in `model` beside it. */
  readonly folder: string
  readonly loader: string
  readonly server: string
  /** For the rows' names. */
  readonly variant: string
}

/** Opens the workspace in a server process, edits the loader, and gives the time and memory rows. */
export async function benchEditing({ folder, loader, server, variant }: EditingFiles): Promise<readonly Row[]> {
  const child = spawn(process.execPath, [...serverFlags, server, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const client = await connect(child, folder)
    const uri = pathToFileURL(loader).toString()
    const document = new Typing(readFileSync(loader, 'utf8'))
    await client.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'python', version: 1, text: document.text },
    })
    await client.lenses(uri)
    await wait(lookedAtMs)
    const peakOpen = peakBytes(child)
    const times: number[] = []
    const ofStatements: number[] = []
    let seen = 0
    for (let i = 0; i < edits; i++) {
      const version = i + 2
      const { isStatement, ...change } = document.edit(i)
      const contentChanges = [change]
      const began = performance.now()
      await client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges,
      })
      // Asking for lenses waits for the analysis, and for no debounce; diagnostics are sent before the answer.
      await client.lenses(uri)
      const published = client.published.get(uri)
      if (published?.version === version) seen++
      const time = (published?.version === version ? published.at : performance.now()) - began
      times.push(time)
      if (isStatement) ofStatements.push(time)
    }
    const peakEdited = peakBytes(child)
    client.connection.dispose()
    const at = (share: number, of = times): number =>
      of.toSorted((a, b) => a - b)[Math.min(of.length - 1, Math.floor(of.length * share))] ?? 0
    const rows: Row[] = [
      {
        name: `edit of a 1,000-line loader to its diagnostics, ${variant}, 95th percentile of ${edits}, the first ${lookedAtMs / 1000} s after opening, ${seen} with diagnostics (median ${at(0.5).toFixed(1)} ms, of new statements ${at(0.5, ofStatements).toFixed(1)} ms; worst ${at(1).toFixed(1)} ms)`,
        value: at(0.95),
        unit: 'ms',
        limit: 50,
        direction: 'at most',
      },
    ]
    if (peakOpen !== undefined && peakEdited !== undefined)
      rows.push({
        name: `server's peak resident memory after ${edits} edits beside the checkpoint, ${variant} (${mb(peakOpen)} MB before the first)`,
        value: mb(peakEdited),
        unit: 'MB',
        limit: 300,
        direction: 'at most',
      })
    return rows
  } finally {
    child.kill()
  }
}

const mb = (bytes: number): number => Math.round(bytes / 1e6)

interface Published {
  readonly version: number | undefined
  readonly at: number
}

interface Client {
  readonly connection: MessageConnection
  /** The version of the last diagnostics of every document, and when they came. */
  readonly published: ReadonlyMap<string, Published>
  lenses(uri: string): Promise<unknown>
}

async function connect(child: ChildProcess, folder: string): Promise<Client> {
  if (!child.stdout || !child.stdin) throw new Error('the server has no pipes')
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  const published = new Map<string, Published>()
  connection.onNotification(
    'textDocument/publishDiagnostics',
    (params: { uri: string; version?: number }) =>
      void published.set(params.uri, { version: params.version, at: performance.now() }),
  )
  connection.listen()
  const uri = pathToFileURL(folder).toString()
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: uri,
    capabilities: {},
    workspaceFolders: [{ uri, name: 'bench' }],
  })
  await connection.sendNotification('initialized', {})
  return {
    connection,
    published,
    lenses: document => connection.sendRequest('textDocument/codeLens', { textDocument: { uri: document } }),
  }
}

interface Change {
  readonly range: { readonly start: Place; readonly end: Place }
  readonly text: string
  /** The program is another one: all else is remarks, and lines that cannot be read yet. */
  readonly isStatement?: boolean
}

interface Place {
  readonly line: number
  readonly character: number
}

/** A person at work all over a file: a remark, a new statement, a call half typed and then taken back. */
class Typing {
  private readonly lines: string[]
  private halfTyped: { readonly line: number; readonly character: number; readonly length: number } | undefined
  /** Edits but for those that took one back. */
  private made = 0

  constructor(text: string) {
    this.lines = text.split('\n')
  }

  get text(): string {
    return this.lines.join('\n')
  }

  edit(i: number): Change {
    const undo = this.halfTyped
    if (undo) {
      this.halfTyped = undefined
      return this.replace(undo.line, undo.character, undo.length, '')
    }
    const line = (i * 337) % this.lines.length
    const end = this.lines[line]?.length ?? 0
    const kind = this.made++ % 3
    if (kind === 0) return this.replace(line, end, 0, `  # remark ${i}`)
    if (kind === 1) {
      const text = ' weights[f"model.'
      this.halfTyped = { line, character: end, length: text.length }
      return this.replace(line, end, 0, text)
    }
    const method = this.lines.findIndex((text, at) => at >= line && /^ {4}def \w+\(self.*\):$/.test(text))
    const at = method < 0 ? this.lines.findIndex(text => /^ {4}def \w+\(self.*\):$/.test(text)) : method
    return { ...this.replace(at, this.lines[at]?.length ?? 0, 0, `\n        step = ${i}`), isStatement: true }
  }

  private replace(line: number, character: number, length: number, text: string): Change {
    const before = this.lines[line] ?? ''
    const after = before.slice(0, character) + text + before.slice(character + length)
    this.lines.splice(line, 1, ...after.split('\n'))
    return { range: { start: { line, character }, end: { line, character: character + length } }, text }
  }
}

/** The most memory that a process has had, in bytes; undefined where the system does not say. */
function peakBytes({ pid }: ChildProcess): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024 || undefined
  } catch {
    return undefined
  }
}
