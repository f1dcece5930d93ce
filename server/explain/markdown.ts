// Words for a document that is pasted into an issue: code spans, tables and paths that cannot break out of their place,
// whatever a checkpoint calls its tensors. Paths are shown from the workspace folder, never from somebody's home.

import type { Model } from '../checkpoint/facts'
import type { Place } from '../interp/values/value'
import type { Position } from '../protocol'
import { rangeOf } from '../rules/show'

/** A code span; backticks, line breaks and control characters inside do no harm. */
export function code(text: string): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
  const runs = flat.match(/`+/g) ?? []
  const fence = '`'.repeat(1 + runs.reduce((most, run) => Math.max(most, run.length), 0))
  return runs.length > 0 ? `${fence} ${flat} ${fence}` : `${fence}${flat}${fence}`
}

/** A fenced block that its text cannot close. */
export function fenced(language: string, text: string): string {
  const longest = (text.match(/`{3,}/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2)
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text.replace(/\n+$/, '')}\n${fence}`
}

/** A table; a bar inside a cell does not end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replace(/\|/g, '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const bullets = (items: readonly string[]): string => items.map(item => `- ${item}`).join('\n')

/** Prose from data: signs that Markdown would take for its own are escaped, those that it would not are left readable. */
export const prose = (text: string): string =>
  text
    .replace(/[\\`*<|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|\](?=\()/g, sign => `\\${sign}`)
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')

/** Shows paths from the workspace folders. */
export type ShowPath = (path: string) => string

/** A path below a folder from there; with several folders, from the folder's name; else its last two parts. */
export function pathShower(folders: readonly string[]): ShowPath {
  return path => {
    for (const folder of folders) {
      const base = folder.replace(/[\\/]+$/, '')
      if (path === base) return folders.length > 1 ? (parts(base).at(-1) ?? '.') : '.'
      if (!path.startsWith(`${base}/`) && !path.startsWith(`${base}\\`)) continue
      const rest = parts(path.slice(base.length + 1)).join('/')
      return folders.length > 1 ? `${parts(base).at(-1) ?? ''}/${rest}` : rest
    }
    return parts(path).slice(-2).join('/')
  }
}

const parts = (path: string): string[] => path.split(/[\\/]/).filter(Boolean)

/** `loader.py:47`, one-based as tracebacks count. */
export const atLine = (show: ShowPath, path: string, start: Position): string => code(`${show(path)}:${start.line + 1}`)

export const atPlace = (show: ShowPath, place: Place): string => atLine(show, place.program.path, rangeOf(place).start)

/** A model by its folder. */
export function modelTitle(show: ShowPath, { path }: Model): string {
  const shown = show(path)
  return shown === '.' ? (parts(path).at(-1) ?? shown) : shown
}
