// Edits by offset, and where they end up.

export interface OffsetEdit {
  /** UTF-16 offsets in the text before. */
  readonly start: number
  readonly end: number
  readonly newText: string
}

/** Applies edits that do not overlap; `spans` are the new texts' places afterwards, in the order of the text. */
export function applyOffsets(
  text: string,
  edits: readonly OffsetEdit[],
): {
  text: string
  spans: { start: number; end: number }[]
} {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  const spans: { start: number; end: number }[] = []
  let [out, at] = ['', 0]
  for (const { start, end, newText } of sorted) {
    if (start < at || end < start) throw new Error('edits overlap')
    out += text.slice(at, start)
    spans.push({ start: out.length, end: out.length + newText.length })
    out += newText
    at = end
  }
  return { text: out + text.slice(at), spans }
}
