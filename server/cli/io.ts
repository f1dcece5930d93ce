// Where a command writes and what it may know of its surroundings; a test gives its own.

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
  const { stdout, env } = process
  let stderr: NodeJS.WriteStream | undefined
  let closed = false
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    closed = true
  })
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== ''
  return {
    cwd: process.cwd(),
    out: text => void (closed || stdout.write(text)),
    // Making a stream takes a millisecond, and mostly nothing is said on this one.
    err: text => void (stderr ??= process.stderr.on('error', () => undefined)).write(text),
    end: done => stdout.write('', () => (stderr ? stderr.write('', () => done()) : done())),
    // NO_COLOR counts when it is set and not empty (no-color.org).
    colours: !env.NO_COLOR && env.TERM !== 'dumb' && (forced || stdout.isTTY === true),
    columns: stdout.columns,
    input: async () => {
      let text = ''
      for await (const chunk of process.stdin.setEncoding('utf8')) text = (text + String(chunk)).slice(-MAX_INPUT)
      return text
    },
  }
}

/** Of a longer input only the end is kept. */
const MAX_INPUT = 256 * 1024

/** A mistake in the command line or in the world around it: printed without a stack, exit code 2. */
export class UsageError extends Error {}
