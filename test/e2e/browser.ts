// A page of VS Code in Chromium, and the few things a user does in it. Waits are on what a person would see, never on
// a number of seconds. Playwright drives the Chromium that is installed; none is downloaded.
import { chromium, type Browser, type Page } from 'playwright-core'

const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const quiet = ['--disable-component-update', '--disable-sync', '--force-device-scale-factor=1']

/** Starts the browser. Root may not use Chromium's sandbox, and the pages are our own. */
export async function startBrowser(executablePath: string): Promise<Browser> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...quiet, ...sandbox] })
}

/** What a user does in the workbench. */
export class Workbench {
  constructor(readonly page: Page) {
    page.setDefaultTimeout(20_000)
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address)
    await this.page.waitForSelector('.monaco-workbench .part.statusbar .statusbar-item')
  }

  /** Runs a command by its title in the palette. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1')
    await this.pick(`>${title}`, title)
  }

  /** Runs a command that opens a list of its own. */
  async openList(title: string): Promise<void> {
    await this.page.keyboard.press('F1')
    await this.page.locator('.quick-input-widget:visible input').fill(`>${title}`)
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click()
  }

  /** Opens a file of the workspace by its name and waits for its text. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P')
    await this.pick(name, name)
    await this.page.waitForSelector(`.editor-group-container.active .tab.active[data-resource-name="${name}"]`)
    await this.page.waitForSelector('.editor-instance .view-line')
  }

  /** Puts the cursor at a line and column of the file in front; both count from one. */
  async goTo(line: number, column: number): Promise<void> {
    await this.page.keyboard.press('Control+G')
    const input = this.page.locator('.quick-input-widget:visible input')
    await input.fill(`:${line}:${column}`)
    await input.press('Enter')
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' })
  }

  /** Types into the quick input and takes the row with that text. */
  private async pick(typed: string, row: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible input')
    await input.fill(typed)
    const choice = this.page.locator('.quick-input-list .monaco-list-row', { hasText: row }).first()
    await choice.waitFor()
    await choice.click()
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' })
  }

  /** Wavy underlines in the editor that is in front. */
  squiggles() {
    return this.page.locator('.editor-group-container.active .editor-instance .squiggly-error')
  }

  /** The row of the tree of models with exactly this label. */
  row(label: string) {
    const name = this.page.locator('.label-name', { hasText: new RegExp(`^${label.replaceAll('.', '\\.')}$`) })
    return this.page.locator('.pane-body .monaco-list-row', { has: name }).first()
  }

  /** Opens a row of the tree that is closed. */
  async expand(label: string): Promise<void> {
    await this.row(label).waitFor()
    if ((await this.row(label).getAttribute('aria-expanded')) === 'true') return
    await this.row(label).locator('.monaco-tl-twistie').click()
  }

  /** Makes the side bar wide enough for the descriptions of rows. */
  async widenSideBar(toPixels: number): Promise<void> {
    const box = await this.page.locator('.part.sidebar').boundingBox()
    if (!box) throw new Error('There is no side bar')
    await this.page.mouse.move(box.x + box.width, box.y + 300)
    await this.page.mouse.down()
    await this.page.mouse.move(toPixels, box.y + 300, { steps: 5 })
    await this.page.mouse.up()
  }

  /** From the light theme to the dark one and back. */
  async toggleTheme(): Promise<void> {
    const dark = (await this.page.locator('.monaco-workbench.vs-dark').count()) > 0
    await this.command('Preferences: Toggle between Light/Dark Themes')
    await this.page.waitForSelector(`.monaco-workbench.${dark ? 'vs' : 'vs-dark'}`)
  }

  /** Closes notifications, which lie over what a picture is to show. */
  async quiet(): Promise<void> {
    await this.command('Notifications: Clear All Notifications')
  }
}
