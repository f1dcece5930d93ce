// The pages of docs/rules, which the build copies beside the bundles; in a working copy they are where they are written.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The first that exists is taken: of a bundle in dist/, of sources in server/workspace/. */
const folders = [join(__dirname, 'rules'), join(__dirname, '..', '..', 'docs', 'rules')]

const known = new Map<string, string | undefined>()

/** The absolute path of a rule's page; undefined where this build holds none. */
export function rulePage(rule: string): string | undefined {
  if (!/^[a-z0-9-]+$/.test(rule)) return undefined
  if (!known.has(rule))
    known.set(
      rule,
      folders.map(folder => join(folder, `${rule}.md`)).find(path => existsSync(path)),
    )
  return known.get(rule)
}

/** A page's Markdown; undefined where there is none. */
export function rulePageText(path: string | undefined): string | undefined {
  return path === undefined || !existsSync(path) ? undefined : readFileSync(path, 'utf8')
}
