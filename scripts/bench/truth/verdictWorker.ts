// A process that analyses the mutants of whole pages, or presses fixes on them: it makes them again from the corpus, which
// costs less than sending them, and keeps the files that they share.

import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { type Press, repair, type Repair } from './fixes/press'
import type { Operator } from './mutant'
import { operators } from './operators/index'
import { mutantsOf } from './sample'
import { readCorpus } from './specimen'
import { type Found, findingsOn, newFindings } from './verdict'

export interface Request {
  readonly root: string
  readonly language: string
  readonly name: string
  readonly operators: readonly string[]
  /** Fixes to press, in place of a verdict on every mutant. */
  readonly presses?: readonly Press[]
}

export interface Answer {
  readonly original: readonly Found[]
  readonly mutants: readonly (readonly [string, readonly Found[]])[]
  readonly repairs: readonly Repair[]
  /** Milliseconds. */
  readonly took: number
}

/** Answers requests until it is ended. */
export function serveVerdicts(): void {
  process.on('message', (request: Request) => {
    answer(request).then(
      value => process.send?.(value),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}

async function answer({ root, language, name, operators: wanted, presses }: Request): Promise<Answer> {
  await loadGrammars(readGrammar)
  const specimen = readCorpus(root).find(one => one.language === language && one.name === name)
  if (!specimen) throw new Error(`${name} is gone`)
  const began = performance.now()
  const chosen: readonly Operator[] = operators.filter(({ id }) => wanted.includes(id))
  const original = await findingsOn(specimen.files)
  const made = mutantsOf(specimen, chosen)
  const mutants: [string, Found[]][] = []
  const repairs: Repair[] = []
  if (!presses)
    for (const mutant of made) mutants.push([mutant.id, newFindings(original, await findingsOn(mutant.files))])
  for (const press of presses ?? []) {
    const mutant = made.find(({ id }) => id === press.mutant)
    if (mutant) repairs.push(await repair(mutant.files, original, press))
  }
  return { original, mutants, repairs, took: performance.now() - began }
}
