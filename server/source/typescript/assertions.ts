// `x!` of TypeScript says that x is there, and changes nothing. The grammar lets it reach too far to the left: it reads
// `a + b!.c` as `(a + b)!.c`. Where it does, the marks are taken out of the text before it is parsed again.

import type { Syntax, SyntaxNode } from '../syntax'

/** What a mark may stand behind; anything else has taken in what stands before its own operand. */
const operands: ReadonlySet<string> = new Set([
  ...['identifier', 'this', 'super', 'member_expression', 'subscript_expression', 'call_expression', 'array', 'object'],
  ...['parenthesized_expression', 'non_null_expression', 'new_expression', 'string', 'template_string', 'undefined'],
])

/** The text without its marks, as long as before; undefined where all of them were read as they are meant. */
export function withoutMarks(text: string, { root, errors }: Syntax): string | undefined {
  if (errors.length > 0 || !/[\w$)\]]!(?!=)/.test(text)) return undefined
  const marks: number[] = []
  let isTornOff = false
  const left: SyntaxNode[] = [root]
  for (let node = left.pop(); node; node = left.pop()) {
    if (node.type === 'non_null_expression') {
      marks.push(node.end - 1)
      const operand = node.children.find(child => child.named)
      if (operand && !operands.has(operand.type)) isTornOff = true
    }
    for (const child of node.children) if (child.named) left.push(child)
  }
  if (!isTornOff) return undefined
  const units = text.split('')
  for (const at of marks) if (units[at] === '!') units[at] = ' '
  return units.join('')
}
