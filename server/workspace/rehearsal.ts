// An engine that has run a few times is several times as fast as one that runs first: by then its code is optimised, and
// knows the programs of this workspace. While somebody looks at a file that they just opened, its analysis is therefore
// repeated for nothing, a few times in the life of a process, so that their first edits are not the slow ones.

export interface RehearsalOptions {
  /** Repeats the last analysis, and drops what comes out of it. */
  readonly repeat: () => void
  /** How long nothing must have happened before the first, and between two. Milliseconds. */
  readonly quietMs?: number
  readonly pauseMs?: number
  /** A clock. Milliseconds. */
  readonly now?: () => number
}

/** A person who goes on typing is not interrupted. */
const QUIET_MS = 300
/** In between, whatever has come meanwhile is served. */
const PAUSE_MS = 20
/** More gain nothing that could be measured (`npm run bench -- edit`). */
const times = 8
/** What takes longer would keep an edit waiting. Milliseconds. */
const longestMs = 150

export class Rehearsal {
  private left = times
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly options: RehearsalOptions) {}

  /** An analysis has ended, and nothing waits. */
  plan(): void {
    this.wait(this.options.quietMs ?? QUIET_MS)
  }

  /** Something has come that is not for nothing. */
  putOff(): void {
    clearTimeout(this.timer)
  }

  private wait(ms: number): void {
    clearTimeout(this.timer)
    if (this.left === 0) return
    this.timer = setTimeout(() => this.repeat(), ms)
    this.timer.unref()
  }

  private repeat(): void {
    const { now = () => performance.now() } = this.options
    const began = now()
    this.options.repeat()
    this.left = now() - began > longestMs ? 0 : this.left - 1
    this.wait(this.options.pauseMs ?? PAUSE_MS)
  }
}
