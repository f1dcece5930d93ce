// Faults of names: keys of tensors, keys of the config, files.

import { field, named, type SyntaxNode } from '../../../../server/source/syntax'
import type { Site } from '../mutant'
import type { Specimen } from '../specimen'
import { isString, type Piece, type Source } from '../source'
import { isKeyText, namePartsOf, plainText, replace } from './sites'

/** A last part of a key spelled otherwise; also where it stands alone, as in a loop over suffixes. */
export const wrongSuffix =
  (suffix: string, wrong: string) =>
  (source: Source): Site[] =>
    source.pieces.flatMap(({ text, start, end }) => {
      if (!new RegExp(`(^|[._])${suffix}$`).test(text)) return []
      return [replace(source, { start: end - suffix.length, end }, wrong)].filter(() => start < end)
    })

/** One member of a quantized weight in place of another. */
export function otherMember(source: Source): Site[] {
  const others: Readonly<Record<string, string>> = { scales: 'biases', biases: 'scales' }
  return source.pieces.flatMap(({ text, end }) => {
    const suffix = /(?:^|[._])(scales|biases)$/.exec(text)?.[1]
    const other = suffix && others[suffix]
    return suffix && other ? [replace(source, { start: end - suffix.length, end }, other)] : []
  })
}

const members = new Set(['weight', 'scales', 'biases', 'bias'])

/** The dotted parts of the pieces that name tensors, with their places. */
function keyParts(source: Source, specimen: Specimen): { start: number; end: number; text: string }[] {
  const parts = namePartsOf(specimen)
  return source.pieces.flatMap(piece => {
    if (!isKeyText(piece, specimen)) return []
    let at = piece.start
    return piece.text.split('.').flatMap(text => {
      const start = at
      at += text.length + 1
      return parts.has(text) && !members.has(text) ? [{ start, end: start + text.length, text }] : []
    })
  })
}

/** A letter is left out. */
export function misspelledName(source: Source, specimen: Specimen): Site[] {
  return keyParts(source, specimen).flatMap(({ start, end, text }) => {
    const middle = Math.floor(text.length / 2)
    return text.length < 3 ? [] : [replace(source, { start, end }, text.slice(0, middle) + text.slice(middle + 1))]
  })
}

/** The name of a sibling. */
export function otherName(source: Source, specimen: Specimen): Site[] {
  const siblings = siblingsOf(specimen)
  return keyParts(source, specimen).flatMap(({ start, end, text }) => {
    const other = siblings.get(text)
    return other === undefined ? [] : [replace(source, { start, end }, other)]
  })
}

/** For each part of a name, the next one that stands at the same place. */
function siblingsOf({ files }: Specimen): ReadonlyMap<string, string> {
  const byParent = new Map<string, string[]>()
  for (const file of files.values())
    for (const { name } of file.kind === 'shard' ? file.tensors : []) {
      const parts = name.split('.')
      parts.slice(0, -1).forEach((part, index) => {
        const parent = parts.slice(0, index).join('.').replace(/\d+/g, '#')
        const known = byParent.get(parent) ?? []
        if (!/^\d*$/.test(part) && !known.includes(part)) byParent.set(parent, [...known, part])
      })
    }
  const next = new Map<string, string>()
  for (const parts of byParent.values())
    parts.forEach((part, index) => {
      const other = parts[(index + 1) % parts.length]
      if (other !== undefined && other !== part && !next.has(part)) next.set(part, other)
    })
  return next
}

/** The first part of a key is left out. */
export function dropPrefix(source: Source, specimen: Specimen): Site[] {
  const parts = namePartsOf(specimen)
  return source.pieces.flatMap(piece => {
    const [first = '', ...rest] = piece.text.split('.')
    if (rest.length === 0 || !parts.has(first) || !isKeyText(piece, specimen)) return []
    return [replace(source, { start: piece.start, end: piece.start + first.length + 1 }, '')]
  })
}

/** A further part before a key. */
export function addPrefix(source: Source, specimen: Specimen): Site[] {
  return source.pieces.flatMap(piece =>
    isFirst(source, piece) && piece.text.includes('.') && isKeyText(piece, specimen)
      ? [replace(source, { start: piece.start, end: piece.start }, 'base.')]
      : [],
  )
}

const isFirst = (source: Source, { start, string }: Piece): boolean =>
  source.pieces.find(piece => piece.string === string)?.start === start &&
  named(string).every(child => child.type === 'string_start' || child.start >= start)

/** Where a layer's number goes into a key, the next one. */
export function nextLayer(source: Source): Site[] {
  return source.nodes.flatMap(node => {
    if (node.type !== 'interpolation' && node.type !== 'template_substitution') return []
    const inner = field(node, 'expression') ?? named(node)[0]
    if (
      !inner ||
      !/^(i|j|l|e|n|idx|index|layer|layer_?i(dx|ndex)?|layer_?id|block|expert|expert_?i(dx|d)|rank)$/i.test(
        source.textOf(inner),
      )
    )
      return []
    return [replace(source, inner, `${source.textOf(inner)} + 1`)]
  })
}

/** A string that ends like a file, with another name. */
export function wrongFile(source: Source): Site[] {
  return source.pieces.flatMap(piece => {
    const found = /([\w-]+)(\.safetensors|\.json|\.npz)(\.index\.json)?$/.exec(piece.text)
    if (!found || piece.text.startsWith('.')) return []
    const at = piece.start + found.index + (found[1] ?? '').length
    return [replace(source, { start: at, end: at }, '_old')]
  })
}

/** Strings that the program looks up in the config, by the keys that stand there. */
function configKeys(source: Source, specimen: Specimen): SyntaxNode[] {
  const keys = new Set(
    [...specimen.files].flatMap(([path, file]) =>
      file.kind === 'text' && path.endsWith('config.json')
        ? [...file.text.matchAll(/"(\w+)"\s*:/g)].map(found => found[1] ?? '')
        : [],
    ),
  )
  return source.nodes.filter(node => {
    const text = plainText(source, node)
    const parent = source.parentOf(node)
    return (
      text !== undefined &&
      keys.has(text) &&
      parent !== undefined &&
      (/subscript/.test(parent.type) || /^argument/.test(parent.type))
    )
  })
}

const crossed: Readonly<Record<string, string>> = {
  group_size: 'bits',
  bits: 'group_size',
  hidden_size: 'intermediate_size',
  intermediate_size: 'hidden_size',
  num_hidden_layers: 'num_attention_heads',
  num_attention_heads: 'num_key_value_heads',
}

export function otherConfigKey(source: Source, specimen: Specimen): Site[] {
  return configKeys(source, specimen).flatMap(node => {
    const other = crossed[plainText(source, node) ?? '']
    const quote = source.textOf(node)[0] ?? '"'
    return other === undefined ? [] : [replace(source, node, `${quote}${other}${quote}`)]
  })
}

export function misspelledConfigKey(source: Source, specimen: Specimen): Site[] {
  return configKeys(source, specimen).flatMap(node => {
    const quote = source.textOf(node)[0] ?? '"'
    const text = plainText(source, node) ?? ''
    return [replace(source, node, `${quote}${text.includes('_') ? text.replace('_', '') : `${text}s`}${quote}`)]
  })
}

/** Entries of a table from names to names. */
function mapEntries(source: Source): { key: SyntaxNode; value: SyntaxNode; node: SyntaxNode }[] {
  return source.nodes.flatMap(node => {
    const [key, value] = [field(node, 'key'), field(node, 'value')]
    const isText =
      node.type === 'pair' && key && value && isString(value) && (isString(key) || /identifier/.test(key.type))
    return isText ? [{ key, value, node }] : []
  })
}

export function wrongMapEntry(source: Source): Site[] {
  return mapEntries(source).flatMap(({ value }) => {
    const text = plainText(source, value)
    const quote = source.textOf(value)[0] ?? '"'
    if (text === undefined || text.length < 3 || !/^[\w.]+$/.test(text) || text === 'affine') return []
    return [replace(source, value, `${quote}${text.slice(0, -1)}${quote}`)]
  })
}

/** An entry of a table or of a list of names goes. */
export function dropEntry(source: Source): Site[] {
  return source.nodes.flatMap(node => {
    if (!/^(dictionary|object|list|array|tuple)$/.test(node.type)) return []
    const items = named(node)
    const names = items.filter(item => (item.type === 'pair' ? isString(field(item, 'value') ?? item) : isString(item)))
    if (items.length < 2 || names.length < items.length) return []
    return items.slice(-1).map(last => replace(source, { start: items.at(-2)?.end ?? last.start, end: last.end }, ''))
  })
}
