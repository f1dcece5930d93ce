// File paths as text: the folder, the last part, and an order that puts rank_10 behind rank_9. Slashes of both kinds
// separate, so that facts from any platform can be grouped anywhere.

/** Everything before the last separator; empty where there is none. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, lastSeparator(path)))
}

/** Everything behind the last separator. */
export function baseName(path: string): string {
  return path.slice(lastSeparator(path) + 1)
}

function lastSeparator(path: string): number {
  return Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
}

/** Compares part by part, runs of digits as numbers and all else by code unit: the same order on every machine. */
export function compareNatural(a: string, b: string): number {
  const left = partsOf(a)
  const right = partsOf(b)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] ?? ''
    const y = right[i] ?? ''
    if (x === y) continue
    const difference = isDigits(x) && isDigits(y) ? compareDigits(x, y) : 0
    if (difference !== 0) return difference
    return x < y ? -1 : 1
  }
  return left.length - right.length
}

function partsOf(text: string): string[] {
  return text.match(/\d+|[/\\]|[^\d/\\]+/g) ?? []
}

function isDigits(part: string): boolean {
  return /^\d/.test(part)
}

/** Of any length, so not by Number. */
function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+/, '')
  const y = b.replace(/^0+/, '')
  if (x.length !== y.length) return x.length - y.length
  return x === y ? 0 : x < y ? -1 : 1
}

/** A path as an index or a program writes it, from a folder on. */
export function joined(folder: string, file: string): string {
  if (/^([/\\]|[A-Za-z]:)/.test(file)) return file
  // As nearly all are: a name alone.
  if (/^[^/\\.][^/\\]*$/.test(file)) return `${slashes(folder)}/${file}`
  const parts = folder.split(/[/\\]/)
  for (const part of file.split(/[/\\]/)) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

/** The same path with `/`. */
export const slashes = (path: string): string => (path.includes('\\') ? path.replaceAll('\\', '/') : path)
