// What really happens: runs mutants and originals under real MLX, or remembers how that ended.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFiles } from './materialise'
import { numbersVersion } from './numbers'
import type { Outcome, Runner } from './run/outcome'
import type { Specimen, SpecimenFile, SpecimenFiles, Tongue } from './specimen'

export interface TruthOptions {
  readonly cache: string
  readonly runners: Readonly<Record<Tongue, Runner>>
  /** Where to leave the folders that were run in; else they are removed. */
  readonly keep?: string
}

/** A page's outcomes by the hash of what was run. */
interface Kept {
  readonly before: ReadonlyMap<string, Outcome>
  readonly used: Map<string, Outcome>
}

export class Truth {
  private readonly kept = new Map<string, Kept>()
  private count = 0
  /** How many programs were really run. */
  ran = 0

  constructor(private readonly options: TruthOptions) {
    mkdirSync(options.cache, { recursive: true })
  }

  /** How a specimen ends with these files in place of its own. */
  async of(specimen: Specimen, files: SpecimenFiles, lines = false): Promise<Outcome> {
    const runner = this.options.runners[specimen.language]
    const key = hash([
      runner.version,
      numbersVersion,
      specimen.entry,
      lines,
      ...[...files].flatMap(([path, file]) => [path, hashOf(file)]),
    ])
    const kept = this.keptOf(specimen)
    let outcome = kept.used.get(key) ?? kept.before.get(key)
    if (!outcome) outcome = await this.run(runner, specimen, files, lines)
    // What took too long on a busy machine may not the next time.
    if (outcome.status !== 'timeout') kept.used.set(key, outcome)
    return outcome
  }

  private async run(runner: Runner, specimen: Specimen, files: SpecimenFiles, lines: boolean): Promise<Outcome> {
    const { keep } = this.options
    const name = `${specimen.name}-${this.count++}`
    const folder = keep === undefined ? mkdtempSync(join(tmpdir(), 'tensorlint-truth-')) : join(keep, name)
    try {
      writeFiles(files, folder)
      this.ran++
      const outcome = await runner.run({ folder, entry: specimen.entry, lines })
      return withoutFolder(outcome, folder)
    } finally {
      if (keep === undefined) rmSync(folder, { recursive: true, force: true })
    }
  }

  private keptOf(specimen: Specimen): Kept {
    const name = this.fileOf(specimen)
    let kept = this.kept.get(name)
    if (!kept) {
      const before = existsSync(name) ? (JSON.parse(readFileSync(name, 'utf8')) as [string, Outcome][]) : []
      this.kept.set(name, (kept = { before: new Map(before), used: new Map() }))
    }
    return kept
  }

  private fileOf({ language, name }: Specimen): string {
    return join(this.options.cache, `${language}-${name}.json`)
  }

  /** Writes what is known of a specimen; where all of it was asked for, what was not is forgotten. */
  /** Ends the runners. */
  stop(): void {
    for (const runner of Object.values(this.options.runners)) runner.stop()
  }

  save(specimen: Specimen, isWhole: boolean): void {
    const { before, used } = this.keptOf(specimen)
    writeFileSync(this.fileOf(specimen), JSON.stringify([...(isWhole ? used : new Map([...before, ...used]))]))
  }
}

/** Texts do not name the folder, which is another each time. */
function withoutFolder(outcome: Outcome, folder: string): Outcome {
  const forget = (text: string): string =>
    [realpathSync(folder), folder].reduce((rest, name) => rest.replaceAll(`${name}/`, '').replaceAll(name, '.'), text)
  const { text, output } = outcome
  return {
    ...outcome,
    ...(text === undefined ? {} : { text: forget(text) }),
    ...(output === undefined ? {} : { output: forget(output) }),
  }
}

const hash = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url')

const hashes = new WeakMap<SpecimenFile, string>()
function hashOf(file: SpecimenFile): string {
  let known = hashes.get(file)
  if (known === undefined) hashes.set(file, (known = hash([file])))
  return known
}
