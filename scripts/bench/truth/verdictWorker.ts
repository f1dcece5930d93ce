// A process that analyses the mutants of whole pages: it makes them again from the corpus, which costs less than sending
// them, and keeps the files that they share.

import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
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
}

export interface Answer {
  readonly original: readonly Found[]
  readonly mutants: readonly (readonly [string, readonly Found[]])[]
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

async function answer({ root, language, name, operators: wanted }: Request): Promise<Answer> {
  await loadGrammars(readGrammar)
  const specimen = readCorpus(root).find(one => one.language === language && one.name === name)
  if (!specimen) throw new Error(`${name} is gone`)
  const began = performance.now()
  const chosen: readonly Operator[] = operators.filter(({ id }) => wanted.includes(id))
  const original = await findingsOn(specimen.files)
  const mutants: [string, Found[]][] = []
  for (const mutant of mutantsOf(specimen, chosen))
    mutants.push([mutant.id, newFindings(original, await findingsOn(mutant.files))])
  return { original, mutants, took: performance.now() - began }
}
