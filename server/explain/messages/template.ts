// One message of MLX as it is printed, with named holes: `[{op}] … shape {w:shape} … group_size={g:n}`. A template is
// compiled to a regular expression in which every repetition is bounded and followed by what it cannot match itself, so
// that a pasted text costs linear time whatever it holds.

export type HoleKind = 'n' | 'shape' | 'word' | 'path' | 'text'

/** What each kind of hole may hold. A line break stands wherever a terminal may have wrapped. */
const holes: Readonly<Record<HoleKind | 'op', string>> = {
  op: '[A-Za-z_:]{1,40}',
  n: '-?\\d{1,20}',
  shape: '[\\d, \\n]{0,200}',
  word: '[A-Za-z0-9_.:-]{1,60}',
  path: '[^\\s\'"]{1,600}',
  text: '[^\\n]{1,600}?',
}

export interface Template {
  readonly regex: RegExp
  /** The longest run of plain text, by which a message is found; and whether the template begins with it. */
  readonly anchor: string
  readonly beginsWithAnchor: boolean
  readonly kinds: ReadonlyMap<string, HoleKind | 'op'>
}

/** Compiles a template. Throws for a hole of an unknown kind: that is our own mistake. */
export function template(text: string): Template {
  const kinds = new Map<string, HoleKind | 'op'>()
  const literals: string[] = []
  let source = ''
  for (const part of text.split(/(\{[^{}]*\})/)) {
    const hole = /^\{(\w+)(?::(\w+))?\}$/.exec(part)
    if (!hole) {
      literals.push(part)
      source += part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/ +/g, '[ \\n]{1,3}')
      continue
    }
    const [, name = '', kindName = name] = hole
    if (!(kindName in holes)) throw new Error(`no such kind of hole: ${part}`)
    const kind = kindName as HoleKind | 'op'
    kinds.set(name, kind)
    source += kind === 'shape' ? `\\((?<${name}>${holes.shape})\\)` : `(?<${name}>${holes[kind]})`
  }
  // A hole for text at the end takes the rest of the line.
  if (source.endsWith(`${holes.text})`)) source += '(?=\\n|$)'
  const anchor = literals
    .map(literal => literal.replace(/^\] |^\[$/, '').replace(/ +/g, ' '))
    .reduce((longest, literal) => (literal.length > longest.length ? literal : longest), '')
  return { regex: new RegExp(source, 'y'), anchor, beginsWithAnchor: text.startsWith(anchor), kinds }
}

/** What stood in the holes. */
export interface Reading {
  readonly op: string | undefined
  /** Elements. */
  shape(name: string): readonly number[] | undefined
  number(name: string): number | undefined
  text(name: string): string | undefined
  /** Names that a list after the message gives. */
  readonly names: readonly string[]
}

export function readingOf(groups: Readonly<Record<string, string | undefined>>, names: readonly string[]): Reading {
  return {
    op: groups.op,
    shape: name => {
      const found = groups[name]?.match(/\d{1,20}/g)
      return groups[name] === undefined ? undefined : (found ?? []).map(Number)
    },
    number: name => (groups[name] === undefined ? undefined : Number(groups[name])),
    // A full stop ends the sentence, not the name.
    text: name => groups[name]?.replace(/\n/g, ' ').replace(/\.$/, ''),
    names,
  }
}

/** The text as templates read it: runs of blanks are one, and line breaks have none around them. */
export function normalise(text: string): string {
  return text
    .replace(/[\t\r\f\v ]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n+/g, '\n')
}
