// Severities as people set them, rule by rule: in the editor, in the settings file, on the command line.

import type { Severity, SeverityTable } from '../protocol'

/** What a rule may be set to; `default` is the severity that the rule itself chooses. */
export const severitySettings = ['error', 'warning', 'information', 'hint', 'off', 'default'] as const

export type SeveritySetting = (typeof severitySettings)[number]

export const isSeveritySetting = (value: unknown): value is SeveritySetting =>
  severitySettings.some(setting => setting === value)

/** A table read from whatever a client sends; entries that are no severities are left out. */
export function readSeverityTable(value: unknown): SeverityTable | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.fromEntries(Object.entries(value).filter(([, setting]) => isSeveritySetting(setting))) as SeverityTable
}

/** The severity of a rule's finding by the first table that names the rule; undefined where that says `off`. */
export function severityOf(rule: string, own: Severity, tables: readonly SeverityTable[]): Severity | undefined {
  for (const table of tables) {
    const setting = Object.hasOwn(table, rule) ? table[rule] : undefined
    if (setting === undefined) continue
    if (setting === 'off') return undefined
    return setting === 'default' ? own : setting
  }
  return own
}
