// `.tensorlintrc.json`, the settings that a project shares (docs/configuration.md): severities, files whose findings are
// left out, the baseline's name, and which checkpoints programs load. Every fault of the file becomes a problem at its place; what can be followed is.

import type { Node } from 'jsonc-parser'
import type { JsonFile } from '../checkpoint/facts'
import { readJsonFile } from '../checkpoint/jsonFile'
import type { SeverityTable } from '../protocol'
import { isRuleId } from './policyRules'
import { isSeveritySetting, severitySettings, type SeveritySetting } from './severity'

export const settingsFileName = '.tensorlintrc.json'

/** Findings of these rules at these files are left out; without rules, all of them. */
export interface Ignored {
  /** Patterns relative to the file's folder; see util/glob.ts. */
  readonly files: readonly string[]
  readonly rules: readonly string[] | undefined
}

export interface SettingsFile {
  readonly path: string
  readonly text: string
  readonly severity: SeverityTable
  readonly ignore: readonly Ignored[]
  /** As written, relative to the file's folder; undefined: the default name. */
  readonly baseline: string | undefined
  readonly checkpoints: readonly NamedCheckpoint[]
  readonly problems: JsonFile['problems']
}

/** Programs that load a checkpoint, by pattern and path as written; the path's place in the file. */
export interface NamedCheckpoint {
  readonly pattern: string
  readonly path: string
  readonly offset: number
  readonly length: number
}

type Problem = JsonFile['problems'][number]

/** A pattern longer than this is no path on any system. */
const MAX_PATTERN = 4_096

/** Reads the file's text; never throws. */
export function readSettingsFile(path: string, text: string): SettingsFile {
  const { root, problems } = readJsonFile(path, text)
  const reader = new Reader([...problems])
  if (root && root.type !== 'object') reader.fault(root, 'the settings are an object')
  const found: {
    severity: Record<string, SeveritySetting>
    ignore: Ignored[]
    checkpoints: NamedCheckpoint[]
    baseline?: string
  } = { severity: {}, ignore: [], checkpoints: [] }
  for (const [key, name, value] of reader.entries(root)) {
    if (name === 'severity') found.severity = reader.severities(value)
    else if (name === 'ignore') found.ignore = reader.list(value).flatMap(item => reader.ignored(item))
    else if (name === 'baseline') found.baseline = reader.text(value)
    else if (name === 'checkpoints') found.checkpoints = reader.checkpoints(value)
    else if (name !== '$schema')
      reader.fault(key, `there is no setting "${name}": expected severity, ignore, baseline or checkpoints`)
  }
  return {
    path,
    text,
    severity: found.severity,
    ignore: found.ignore,
    baseline: found.baseline,
    checkpoints: found.checkpoints,
    problems: reader.problems,
  }
}

class Reader {
  constructor(readonly problems: Problem[]) {}

  fault({ offset, length }: Node, message: string): void {
    this.problems.push({ offset, length, message })
  }

  /** Key node, key and value of every property. */
  entries(node: Node | undefined): [Node, string, Node][] {
    if (node?.type !== 'object') return []
    return (node.children ?? []).flatMap(({ children }): [Node, string, Node][] => {
      const [key, value] = children ?? []
      return key && value ? [[key, String(key.value), value]] : []
    })
  }

  severities(node: Node): Record<string, SeveritySetting> {
    if (node.type !== 'object') this.fault(node, 'severity is an object of rules')
    const table: Record<string, SeveritySetting> = {}
    for (const [key, rule, value] of this.entries(node)) {
      const setting: unknown = value.value
      if (!isRuleId(rule)) this.fault(key, `there is no rule "${rule}"`)
      else if (!isSeveritySetting(setting)) this.fault(value, `a severity is one of ${severitySettings.join(', ')}`)
      else table[rule] = setting
    }
    return table
  }

  ignored(node: Node): Ignored[] {
    if (node.type !== 'object') {
      this.fault(node, 'an entry of ignore is an object with files and, where not all are meant, rules')
      return []
    }
    let files: string[] = []
    let rules: string[] | undefined
    for (const [key, name, value] of this.entries(node)) {
      if (name === 'files') files = this.texts(value)
      else if (name === 'rules') rules = this.ruleIds(value)
      else if (name !== 'reason')
        this.fault(key, `an entry of ignore has no "${name}": expected files, rules or reason`)
    }
    if (files.length > 0) return [{ files, rules }]
    this.fault(node, 'an entry of ignore names its files')
    return []
  }

  checkpoints(node: Node): NamedCheckpoint[] {
    if (node.type !== 'object')
      this.fault(node, 'checkpoints is an object: patterns of programs, each with a path or a list')
    return this.entries(node).flatMap(([key, pattern, value]) => {
      if (pattern === '' || pattern.length > MAX_PATTERN) {
        this.fault(key, 'a pattern is a text that is not empty')
        return []
      }
      const nodes = value.type === 'array' ? (value.children ?? []) : [value]
      return nodes.flatMap(item => {
        const path = this.text(item)
        return path === undefined ? [] : [{ pattern, path, offset: item.offset, length: item.length }]
      })
    })
  }

  private ruleIds(node: Node): string[] {
    return this.list(node).flatMap(item => {
      const id = this.text(item)
      if (id !== undefined && isRuleId(id)) return [id]
      if (id !== undefined) this.fault(item, `there is no rule "${id}"`)
      return []
    })
  }

  private texts(node: Node): string[] {
    const nodes = node.type === 'array' ? (node.children ?? []) : [node]
    return nodes.flatMap(item => this.text(item) ?? [])
  }

  list(node: Node): readonly Node[] {
    if (node.type === 'array') return node.children ?? []
    this.fault(node, 'expected a list')
    return []
  }

  text(node: Node): string | undefined {
    const value: unknown = node.value
    if (typeof value === 'string' && value !== '' && value.length <= MAX_PATTERN) return value
    this.fault(node, 'expected a text that is not empty')
    return undefined
  }
}
