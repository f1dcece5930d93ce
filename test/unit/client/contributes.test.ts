// package.json and the client's tables say the same, both ways: a command without a handler, a menu entry for nothing
// or a setting nobody reads would only be noticed by a user.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandIds } from '../../../src/commandIds'
import { settingIds } from '../../../src/settingIds'

interface Command {
  readonly command: string
  readonly title: string
  readonly category?: string
  readonly icon?: string
}

interface Contributes {
  readonly commands: readonly Command[]
  readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>
  readonly configuration: {
    readonly properties: Readonly<Record<string, { readonly markdownDescription?: string; readonly default?: unknown }>>
  }
  readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>
  readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] }
  readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[]
  readonly customEditors: readonly { readonly viewType: string }[]
}

interface Manifest {
  readonly icon: string
  readonly contributes: Contributes
  readonly engines: { readonly vscode: string }
  readonly devDependencies: Readonly<Record<string, string>>
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } }
}

const root = join(__dirname, '..', '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const manifest = JSON.parse(read('package.json')) as Manifest
const { contributes } = manifest
const contributed = contributes.commands.map(({ command }) => command)
const properties = Object.keys(contributes.configuration.properties)

describe('commands', () => {
  it('are the same in the table and in package.json', () => {
    expect([...contributed].sort()).toEqual([...commandIds].sort())
    expect(new Set(contributed).size).toBe(contributed.length)
  })

  it('each have a handler in src/commands.ts', () => {
    const source = read('src/commands.ts')
    for (const id of commandIds) expect(source).toContain(`'${id}':`)
  })

  it('have a title and our category', () => {
    for (const command of contributes.commands) {
      expect(command.title, command.command).not.toBe('')
      expect(command.category, command.command).toBe('Tensorlint')
    }
  })

  it('are what menus and buttons name', () => {
    for (const [menu, entries] of Object.entries(contributes.menus)) {
      for (const { command } of entries) expect(contributed, menu).toContain(command)
    }
    const buttons = contributes.viewsWelcome.flatMap(({ contents }) =>
      [...contents.matchAll(/\(command:([^)]+)\)/g)].map(([, command]) => command),
    )
    expect(buttons.length).toBeGreaterThan(0)
    for (const button of buttons) expect(contributed).toContain(button)
  })

  it('that stand inline on a row or in the title bar have an icon', () => {
    const inBar = ['view/title', 'view/item/context'].flatMap(menu =>
      (contributes.menus[menu] ?? []).filter(entry => /"group":"(inline|navigation)/.test(JSON.stringify(entry))),
    )
    expect(inBar.length).toBeGreaterThan(0)
    for (const { command } of inBar) {
      expect(contributes.commands.find(entry => entry.command === command)?.icon, command).toMatch(/^\$\(.+\)$/)
    }
  })
})

describe('settings', () => {
  it('are the same in the client and in package.json', () => {
    expect([...properties].sort()).toEqual(settingIds.map(id => `tensorlint.${id}`).sort())
  })

  it('are described and have a default', () => {
    for (const [id, property] of Object.entries(contributes.configuration.properties)) {
      expect(property.markdownDescription, id).toMatch(/\S/)
      expect(property, id).toHaveProperty('default')
    }
  })

  it('that start a program are restricted in an untrusted workspace', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces
    expect(restrictedConfigurations).toContain('tensorlint.python')
    for (const id of restrictedConfigurations) expect(properties).toContain(id)
  })
})

describe('views and files', () => {
  it('are named alike in package.json and in the sources', () => {
    const views = Object.values(contributes.views).flatMap(list => list.map(({ id }) => id))
    for (const view of views) expect(read('src/views/modelTree.ts')).toContain(`'${view}'`)
    for (const { view } of contributes.viewsWelcome) expect(views).toContain(view)
    for (const container of Object.keys(contributes.views)) {
      expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toContain(container)
    }
    for (const { viewType } of contributes.customEditors) {
      expect(read('src/headerEditor.ts')).toContain(`'${viewType}'`)
    }
  })

  it('name icons that exist', () => {
    const icons = [manifest.icon, ...contributes.viewsContainers.activitybar.map(({ icon }) => icon)]
    for (const icon of icons) expect(existsSync(join(root, icon)), icon).toBe(true)
  })

  it('are built for the VS Code version whose API is used', () => {
    expect(manifest.devDependencies['@types/vscode']).toBe(manifest.engines.vscode)
  })
})
