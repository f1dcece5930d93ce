// The list of messages, and how they are found in a text. Longer texts win where several begin at the same place.

import { dequantizeMessages } from './dequantizeMessages'
import { loadMessages } from './loadMessages'
import { matmulMessages } from './matmulMessages'
import type { Message } from './message'
import { quantizeMessages } from './quantizeMessages'
import { normalise, type Reading, readingOf, template, type Template } from './template'

export const messages: readonly Message[] = [
  ...dequantizeMessages,
  ...matmulMessages,
  ...quantizeMessages,
  ...loadMessages,
]

/** A message found in a text. */
export interface Recognised {
  readonly message: Message
  readonly reading: Reading
  /** As it stood there, on one line. */
  readonly text: string
  /** In the normalised text. */
  readonly start: number
}

/** Longer texts than this are cut at the front: a traceback ends with its error. */
export const maxText = 256 * 1024

/** A text in which one phrase stands more often than this is no traceback. */
const mostOccurrences = 200
/** How far before its phrase a message may begin. */
const lookBack = 300

const compiled: readonly { readonly message: Message; readonly template: Template }[] = messages.flatMap(message =>
  message.texts.map(text => ({ message, template: template(text) })),
)

/** Every message of MLX in a text, in order, overlapping ones once. */
export function recognise(given: string): readonly Recognised[] {
  const text = normalise(given.slice(-maxText))
  const flat = text.replace(/\n/g, ' ')
  const found: (Recognised & { end: number })[] = []
  for (const { message, template } of compiled)
    for (const anchor of occurrences(flat, template.anchor)) {
      const match = matchAt(text, template, anchor)
      if (!match) continue
      const end = match.index + match[0].length
      const names = message.hasNames && match[0].endsWith(':') ? namesAfter(text, end) : []
      found.push({
        message,
        reading: readingOf(match.groups ?? {}, names),
        text: match[0].replace(/\n/g, ' '),
        start: match.index,
        end,
      })
    }
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const kept: (Recognised & { end: number })[] = []
  for (const each of found) if (each.start >= (kept[kept.length - 1]?.end ?? 0)) kept.push(each)
  return kept
}

function* occurrences(text: string, phrase: string): Generator<number> {
  let count = 0
  for (
    let at = text.indexOf(phrase);
    at >= 0 && count < mostOccurrences;
    at = text.indexOf(phrase, at + phrase.length)
  ) {
    count++
    yield at
  }
}

function matchAt(text: string, { regex, beginsWithAnchor }: Template, anchor: number): RegExpExecArray | undefined {
  const tryAt = (start: number) => {
    regex.lastIndex = start
    return regex.exec(text) ?? undefined
  }
  if (beginsWithAnchor) return tryAt(anchor)
  // The text begins with a tag in brackets, or else with a phrase shortly before.
  let tries = 0
  for (let start = anchor; start >= Math.max(0, anchor - lookBack) && tries < 8; start--) {
    if (text[start] !== '[' && !/[A-Z`u]/.test(text[start] ?? '')) continue
    if (/\w/.test(text[start - 1] ?? ' ')) continue
    tries++
    const match = tryAt(start)
    if (match && match.index + match[0].length > anchor) return match
  }
  return undefined
}

/** Names that follow as `A,\nB,\nC.` or on one line. */
function namesAfter(text: string, from: number): string[] {
  const names: string[] = []
  const name = /[ \n]{0,3}([^\s,]{1,400})(,?)/y
  name.lastIndex = from
  for (let match = name.exec(text); match; match = name.exec(text)) {
    const [, word = '', comma] = match
    names.push(comma ? word : word.replace(/\.$/, ''))
    if (!comma) break
  }
  return names.filter(word => word !== '' && word !== '…' && word !== '...')
}
