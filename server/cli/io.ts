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

/** The process's own streams. A reader that stops reading (`| head`) ends the output quietly. */
export function processIo(): CliIo {
  const { stdout, stderr, env } = process
  let closed = false
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    closed = true
  })
  stderr.on('error', () => undefined)
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== ''
  return {
    cwd: process.cwd(),
    // The process ends when this is drained (main.ts).
    out: text => void (closed || stdout.write(text)),
    err: text => void stderr.write(text),
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
