// Source texts of matrices, turned and turned back. What is transposed already is turned by taking that away, in whichever
// of the usual ways it was written, so that no `.T.T` is left behind.

/** Axes that exchange the two of a matrix. */
const bothAxes = String.raw`\(\s*(?:(?:0\s*,\s*1|1\s*,\s*0|-1\s*,\s*-2|-2\s*,\s*-1)\s*,?\s*)\)`
const turnedByMethod = new RegExp(
  String.raw`^(.*[^.\s])\.(?:T|transpose\(\s*\)|transpose\(\s*\(?\s*1\s*,\s*0\s*\)?\s*\)|(?:swapaxes|moveaxis)${bothAxes})$`,
  's',
)
const turnedByFunction = /^((?:\w+\.)*)transpose\((.*)\)$/s
const swappedByFunction =
  /^(?:\w+\.)*(?:swapaxes|moveaxis)\((.*),\s*(?:0\s*,\s*1|1\s*,\s*0|-1\s*,\s*-2|-2\s*,\s*-1)\s*\)$/s
const contiguous = /^((?:\w+\.)*(?:contiguous|ascontiguousarray))\((.*)\)$/s

/** The text without the transpose that is outermost in it; undefined where none is. */
export function withoutTurn(text: string): string | undefined {
  const bare = turnedByMethod.exec(text)?.[1]
  if (bare !== undefined) return needsParentheses(bare) ? undefined : withoutParentheses(bare)
  const copied = contiguous.exec(text)
  if (copied && isOne(copied[2] ?? '')) return withoutTurn((copied[2] ?? '').trim())
  const inner = turnedByFunction.exec(text)?.[2] ?? swappedByFunction.exec(text)?.[1]
  return inner !== undefined && isOne(inner) ? inner.trim() : undefined
}

/** The text as an operand of `.T`. */
export const asOperand = (text: string): string => (needsParentheses(text) ? `(${text})` : text)

/** Whether a text is one expression: no comma outside brackets, and no bracket that closes what is opened before it. */
function isOne(text: string): boolean {
  let depth = 0
  for (const { char, isCode } of signs(text)) {
    if (!isCode) continue
    if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char) && --depth < 0) return false
    else if (depth === 0 && char === ',') return false
  }
  return depth === 0 && text.trim() !== ''
}

function withoutParentheses(text: string): string {
  const inner = /^\((.*)\)$/s.exec(text)?.[1]
  return inner !== undefined && isOne(inner) && !needsParentheses(inner) ? inner : text
}

/** Whether an operator stands outside brackets and quotes, so that `.T` would bind to less than the whole. */
function needsParentheses(text: string): boolean {
  let depth = 0
  for (const { char, isCode } of signs(text)) {
    if (!isCode) continue
    if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    else if (depth === 0 && /[\s+\-*/@%&|^<>=?:]/.test(char)) return true
  }
  return false
}

/** Signs of a text, those inside quotes told apart. */
function* signs(text: string): Iterable<{ readonly char: string; readonly isCode: boolean }> {
  let quote = ''
  for (const char of text) {
    const isCode = quote === '' && !`"'\``.includes(char)
    if (quote === char) quote = ''
    else if (quote === '' && !isCode) quote = char
    yield { char, isCode }
  }
}
