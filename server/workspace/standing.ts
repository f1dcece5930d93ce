// Which program of a file is analysed while the file is typed. What is typed most of the time changes nothing of what a
// program means, or leaves a line that cannot be read yet: then the program that was analysed last still stands, and its
// places move with the text.

import type { Program } from '../source/ir'
import { sameMeaning } from '../source/sameMeaning'
import { type Replacement, replacementBetween, TextEdits } from '../util/textEdits'

export interface Standing {
  /** What is analysed. */
  readonly program: Program
  /** The text as it is now. */
  readonly text: string
  /** From the text of `program` to the text as it is now. */
  readonly edits: TextEdits
  /** The text has a line that cannot be read yet: `program` is what it was before. */
  readonly isWaiting: boolean
  /** The last text that could be read, if it means what `program` means. */
  readonly readable: { readonly program: Program; readonly edits: TextEdits } | undefined
}

/** Someone who types changes one line, or joins two, and may need several before the text can be read again. */
const mostOldLines = 2
const mostNewLines = 20
/** So many places apart, a text is better looked at anew. */
const mostEdits = 100

/** A program that is analysed as it is. */
export const standingAt = (program: Program): Standing => ({
  program,
  text: program.text,
  edits: TextEdits.none,
  isWaiting: false,
  readable: isReadable(program) ? { program, edits: TextEdits.none } : undefined,
})

/** What stands once a text has become `next`. */
export function standingAfter(last: Standing, next: Program): Standing {
  const { program, readable } = last
  if (next.text === program.text) return standingAt(program)
  if (!readable) return standingAt(next)
  const edit = replacementBetween(readable.program.text, next.text)
  const edits = readable.edits.then(edit)
  if (edits.count > mostEdits) return standingAt(next)
  const { text } = next
  if (!isReadable(next))
    return isTyping(readable.program.text, next.text, edit)
      ? { program, text, edits, isWaiting: true, readable }
      : standingAt(next)
  return sameMeaning(readable.program, next, edit)
    ? { program, text, edits, isWaiting: false, readable: { program: next, edits } }
    : standingAt(next)
}

const isReadable = ({ syntaxErrors, isTorn }: Program): boolean => syntaxErrors.length === 0 && !isTorn

const isTyping = (old: string, text: string, { start, end, length }: Replacement): boolean =>
  lines(old.slice(start, end)) <= mostOldLines && lines(text.slice(start, start + length)) <= mostNewLines

const lines = (text: string): number => text.split('\n').length
