import type { Range } from '../../server/protocol'
import { lineIndex } from '../../server/util/lineIndex'

/** What stands in a range of a text. */
export function textOfRange(text: string, range: Range): string {
  const index = lineIndex(text)
  return text.slice(index.offset(range.start), index.offset(range.end))
}
