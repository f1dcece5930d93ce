// Lowers snippets for the tests, with the grammars loaded once.

import { loadGrammars } from '../../server/source/grammars'
import { lowerProgram } from '../../server/source/index'
import type { Program } from '../../server/source/ir'
import { showProgram } from '../../server/source/showIr'
import { readGrammar } from '../../server/workspace/grammarFiles'

/** To be awaited before the first snippet is lowered. */
export function prepareGrammars(): Promise<void> {
  return loadGrammars(readGrammar)
}

/** The program of a snippet; the extension decides the language. */
export function lower(extension: string, text: string): Program {
  const program = lowerProgram(`/ws/snippet.${extension}`, text)
  if (!program) throw new Error(`no language has the extension ${extension}`)
  return program
}

/** The printed representation of a snippet. */
export function ir(extension: string, text: string): string {
  return showProgram(lower(extension, text))
}
