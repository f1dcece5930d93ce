// File patterns as people know them from .gitignore and editors: `*` and `?` stay within one name, `**` spans folders,
// and a pattern without a slash means the name in any folder. Matching is done by hand in bounded time, without a regular
// expression, because patterns come from files of strangers.

/** Whether a path with forward slashes, relative to the pattern's folder, matches. A pattern also covers what lies below. */
export function globMatches(pattern: string, path: string): boolean {
  const trimmed = pattern.replace(/^\.?\/+|\/+$/g, '')
  if (trimmed === '') return false
  const wanted = trimmed.split('/')
  const names = path.split('/')
  return segmentsMatch(trimmed.includes('/') || pattern.startsWith('/') ? wanted : ['**', ...wanted], names)
}

/** Row by row over the pattern: which numbers of leading names the pattern so far can have consumed. */
function segmentsMatch(pattern: readonly string[], names: readonly string[]): boolean {
  let reached = new Set([0])
  for (const segment of pattern) {
    const next = new Set<number>()
    if (segment === '**') {
      for (let i = Math.min(...reached); i <= names.length; i++) next.add(i)
    } else
      for (const i of reached) {
        const name = names[i]
        if (name !== undefined && nameMatches(segment, name)) next.add(i + 1)
      }
    if (next.size === 0) return false
    reached = next
  }
  // Any prefix that matches is a folder above the file, or the file itself.
  return true
}

/** `*` is any text, `?` one character. Greedy with one point to go back to: at most pattern × name steps. */
function nameMatches(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let resume = 0
  while (n < name.length) {
    const char = pattern[p]
    if (char === '*') {
      star = p++
      resume = n
    } else if (char !== undefined && (char === '?' || char === name[n])) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
