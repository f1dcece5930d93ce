// A program whose text has moved on since it was analysed: places of the analysis in the text as it is now, and back.

import type { Edit, Position, Range } from '../protocol'
import { lineIndex, type LineIndex } from '../util/lineIndex'
import type { Standing } from './standing'

export class Moved {
  private linesBefore: LineIndex | undefined
  private linesNow: LineIndex | undefined

  constructor(private readonly standing: Standing) {}

  /** The text as it is now. */
  get text(): string {
    return this.standing.text
  }

  /** Where a range of the analysed text is now. */
  range({ start, end }: Range): Range {
    const { edits } = this.standing
    const to = edits.newEnd(this.before.offset(end))
    return this.now.range(Math.min(edits.newStart(this.before.offset(start)), to), to)
  }

  /** Where a position of the text as it is now was in the analysed text. */
  analysed(position: Position): Position {
    return this.before.position(this.standing.edits.old(this.now.offset(position)))
  }

  /** An edit of the analysed text as one of the text as it is now; undefined where what it replaces is not there any more. */
  edit(edit: Edit): Edit | undefined {
    const { start, end } = edit.range
    if (this.standing.edits.touches(this.before.offset(start), this.before.offset(end))) return undefined
    return { ...edit, range: this.range(edit.range) }
  }

  private get before(): LineIndex {
    return (this.linesBefore ??= lineIndex(this.standing.program.text))
  }

  private get now(): LineIndex {
    return (this.linesNow ??= lineIndex(this.standing.text))
  }
}
