// Where a command writes and what it may know of its surroundings; a test gives its own.

import { fstatSync, writeSync } from 'node:fs'

export interface CliIo {
  readonly cwd: string
  /** Standard output: what the command is asked for. */
  out(text: string): void
  /** Standard error: what went wrong, and notices. */
  err(text: string): void
  /** Whether standard output may carry colours. */
  readonly colours: boolean
  /** Standard input to its end, or as much of its end as is worth reading. */
  input?(): Promise<string>
  /** Columns of the terminal; undefined where there is none. */
  readonly columns: number | undefined
}

export interface ProcessIo extends CliIo {
  /** Calls back when all that was written has left the process. */
  end(done: () => void): void
}

/** The process's own streams. A reader that stops reading (`| head`) ends the output quietly. */
export function processIo(): ProcessIo {
  const { env } = process
  const output = standardOutput()
  let stderr: NodeJS.WriteStream | undefined
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== ''
  return {
    cwd: process.cwd(),
    out: output.write,
    // Making a stream takes a millisecond, and mostly nothing is said on this one.
    err: text => void (stderr ??= process.stderr.on('error', () => undefined)).write(text),
    end: done => output.end(() => (stderr ? stderr.write('', () => done()) : done())),
    // NO_COLOR counts when it is set and not empty (no-color.org).
    colours: !env.NO_COLOR && env.TERM !== 'dumb' && (forced || output.terminal?.isTTY === true),
    columns: output.terminal?.columns,
    input: async () => {
      let text = ''
      for await (const chunk of process.stdin.setEncoding('utf8')) text = (text + String(chunk)).slice(-MAX_INPUT)
      return text
    },
  }
}

/**
 * A file or a pipe is written to at once: to make Node's stream for it takes as long as to check a small checkpoint. What it
 * does not take at once, and all that goes to a terminal, goes through the stream.
 */
function standardOutput() {
  let closed = false
  let made: NodeJS.WriteStream | undefined
  const isPrompt = isFileOrPipe(1)
  const stream = (): NodeJS.WriteStream =>
    (made ??= process.stdout.on('error', error => {
      if (!isClosed(error)) throw error
      closed = true
    }))
  /** What is left to be written. */
  const promptly = (bytes: Buffer): Buffer => {
    let done = 0
    try {
      while (done < bytes.length) done += writeSync(1, bytes, done)
    } catch (error) {
      if (isClosed(error)) closed = true
      else if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    return bytes.subarray(done)
  }
  return {
    terminal: isPrompt ? undefined : stream(),
    write: (text: string): void => {
      const bytes = Buffer.from(text)
      const rest = isPrompt && !made && !closed ? promptly(bytes) : bytes
      if (rest.length > 0 && !closed) stream().write(rest)
    },
    end: (done: () => void): void => void (made ? made.write('', () => done()) : done()),
  }
}

function isFileOrPipe(handle: number): boolean {
  try {
    const stats = fstatSync(handle)
    return stats.isFile() || stats.isFIFO() || stats.isSocket()
  } catch {
    return false
  }
}

/** Whether the other side of a pipe was closed; Windows has a word of its own for it. */
const isClosed = (error: unknown): boolean => /^(EPIPE|EOF)$/.test((error as NodeJS.ErrnoException).code ?? '')

/** Of a longer input only the end is kept. */
const MAX_INPUT = 256 * 1024

/** A mistake in the command line or in the world around it: printed without a stack, exit code 2. */
export class UsageError extends Error {}
