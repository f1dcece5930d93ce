// The list of source languages that are understood. To add one: its file beside this one, and a line here.

import type { Language, Program } from './ir'
import { python } from './python'
import { javascript, typescript } from './typescript'

export const languages: readonly Language[] = [python, typescript, javascript]

/** The language of a file by its extension; undefined for none of ours. */
export function languageOf(path: string): Language | undefined {
  const extension = /\.[^./\\]+$/.exec(path)?.[0].toLowerCase()
  return extension === undefined ? undefined : languages.find(language => language.extensions.includes(extension))
}

/** Reads a program, perhaps one that was read before; undefined where its language is none of ours. The grammars must have been loaded. */
export function lowerProgram(path: string, text: string, before?: Program): Program | undefined {
  return languageOf(path)?.lower(path, text, before)
}
