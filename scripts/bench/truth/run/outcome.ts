// How a program ended under real MLX.

export interface Frame {
  /** Below the workspace. */
  readonly path: string
  /** Counted from one, as in a traceback. */
  readonly line: number
}

export interface Outcome {
  /** `aborted`: by a signal or without a word. */
  readonly status: 'ok' | 'raised' | 'aborted' | 'timeout'
  readonly type?: string
  readonly text?: string
  /** In the workspace, innermost first. */
  readonly frames?: readonly Frame[]
  readonly output?: string
  /** Path and line of everything that was executed, where that was asked for. */
  readonly lines?: readonly (readonly [string, number])[]
}

export interface Job {
  /** Absolute; the program's working directory. */
  readonly folder: string
  readonly entry: string
  /** Whether to tell the executed lines. */
  readonly lines: boolean
}

/** Runs programs of one language. */
export interface Runner {
  /** Changes with what an outcome depends on beside the files: versions, and our own code. */
  readonly version: string
  run(job: Job): Promise<Outcome>
  stop(): void
}

/** A program that takes longer is ended; most take well under one. */
export const secondsAllowed = 20
