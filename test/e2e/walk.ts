// The user's way with mouse and keyboard: tree, squiggles, light bulb, verification. Each stop is a test, judged by what
// is on the screen, and most leave a picture, in a light and a dark theme where it may be shown to people.
import fs from 'node:fs'
import path from 'node:path'
import type { Workbench } from './browser'
import type { TestResult } from './suite'

export interface Walk {
  readonly workbench: Workbench
  /** Folder for the pictures. */
  readonly artefacts: string
  report(result: TestResult): void
}

const root = path.resolve(__dirname, '../..')

type Stop = readonly [name: string, run: (walk: Walk) => Promise<void>]

const stops: readonly Stop[] = [
  ['the sidebar lists the model, and its rows open down to a folded quantized weight', openTree],
  [
    'loader.py shows squiggles, and the Problems panel its findings',
    ctx => showSquiggles(ctx, 'loader.py', 'problems'),
  ],
  ['a hover over a key names its tensors', hoverOverKey],
  ['names of tensors are offered inside a key', offerNames],
  ['the language status and the list say what was understood', tellLoads],
  ['Show in Tree leads from the key to the tensor', showInTree],
  ['loader.ts shows squiggles', ctx => showSquiggles(ctx, 'loader.ts')],
  ['config.json shows squiggles', ctx => showSquiggles(ctx, 'config.json')],
  ['the light bulb in config.json repairs it', ctx => useLightBulb(ctx, 'config.json', /^(?!Fix all)/)],
  [
    'the light bulb in loader.py repairs every loading site',
    ctx => useLightBulb(ctx, 'loader.py', /Fix all in this workspace/),
  ],
  ['no squiggle is left in any of the three', noSquiggles],
  ['Verify Dequantize says that all modules pass under MLX', verify],
]

/** Goes through all stops; one that fails is reported with a picture, and the next is tried. */
export async function walk(ctx: Walk): Promise<void> {
  for (const [index, [name, run]] of stops.entries()) {
    const start = Date.now()
    try {
      await run(ctx)
      ctx.report({ name, ms: Date.now() - start })
    } catch (error) {
      await ctx.workbench.page.screenshot({ path: path.join(ctx.artefacts, `failed-${index + 1}.png`) })
      ctx.report({ name, ms: Date.now() - start, error: error instanceof Error ? error.message : String(error) })
      await ctx.workbench.page.keyboard.press('Escape')
    }
  }
}

async function openTree(ctx: Walk): Promise<void> {
  const { page } = ctx.workbench
  await page.locator('.activitybar [role="tab"][aria-label^="Tensorlint"]').click()
  await ctx.workbench.row('llama-split').waitFor()
  await ctx.workbench.widenSideBar(520)
  for (const label of ['llama-split', 'rank_0', 'model', 'layers', 'layers.0', 'self_attn']) {
    await ctx.workbench.expand(label)
  }
  const folded = ctx.workbench.row('q_proj')
  await folded.filter({ hasText: /Linear 576→576 · 4-bit g64 affine/ }).waitFor()
  await ctx.workbench.expand('q_proj')
  await ctx.workbench
    .row('weight')
    .filter({ hasText: /U32 \[72, 576\]/ })
    .waitFor()
  await ctx.workbench
    .row('scales')
    .filter({ hasText: /F16 \[9, 576\]/ })
    .waitFor()
  await picture(ctx, 'tree')
}

async function showSquiggles(ctx: Walk, file: string, panel?: 'problems'): Promise<void> {
  await ctx.workbench.openFile(file)
  if (panel) {
    await ctx.workbench.command('Problems: Focus on Problems View')
    const row = ctx.workbench.page.locator('.markers-panel .monaco-list-row', { hasText: 'tensorlint' })
    await row.first().waitFor()
  }
  await nextProblem(ctx, file)
  await ctx.workbench.squiggles().first().waitFor()
  await picture(ctx, `squiggles-${file.replace('.', '-')}`)
}

/** Puts the cursor on the first problem of the file, as F8 does, without the widget it opens. */
async function nextProblem(ctx: Walk, file: string): Promise<void> {
  await ctx.workbench.openFile(file)
  await ctx.workbench.page.keyboard.press('Control+Home')
  await ctx.workbench.page.keyboard.press('Alt+F8')
  await ctx.workbench.page.locator('.peekview-widget, .marker-widget').first().waitFor()
  await ctx.workbench.page.keyboard.press('Escape')
  await ctx.workbench.page.locator('.marker-widget').waitFor({ state: 'hidden' })
}

const key = '"model.norm.weight"'

/** Puts the cursor into the key, some signs behind its beginning. */
async function goToKey(ctx: Walk, behind: number): Promise<void> {
  await ctx.workbench.openFile('loader.py')
  const before = programText('loader.py').split(key)[0]?.split('\n') ?? []
  await ctx.workbench.goTo(before.length, (before.at(-1) ?? '').length + behind + 1)
}

const programText = (file: string) => fs.readFileSync(path.join(root, 'scripts/sample/program', file), 'utf8')

async function hoverOverKey(ctx: Walk): Promise<void> {
  const { page } = ctx.workbench
  await pictures(ctx, 'hover', async () => {
    await goToKey(ctx, 3)
    await page.keyboard.press('Control+K')
    await page.keyboard.press('Control+I')
    await page.locator('.monaco-hover:visible', { hasText: '1 tensor of llama-split' }).waitFor()
  })
}

async function offerNames(ctx: Walk): Promise<void> {
  const { page } = ctx.workbench
  await pictures(ctx, 'completion', async () => {
    await goToKey(ctx, '"model.'.length)
    await page.keyboard.press('Control+Space')
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'layers.0-3.self_attn' }).first().waitFor()
  })
}

async function tellLoads(ctx: Walk): Promise<void> {
  const { page } = ctx.workbench
  await pictures(ctx, 'status', async () => {
    await ctx.workbench.openFile('loader.py')
    await page.locator('.statusbar-item[id*="languageStatus"]').first().hover()
    await page
      .locator('.hover-language-status', { hasText: /\d+ loads understood/ })
      .first()
      .waitFor()
  })
  await pictures(ctx, 'loads', async () => {
    await ctx.workbench.openList('Tensorlint: Show Loads of This File')
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'model.norm.weight' }).first().waitFor()
  })
}

async function showInTree(ctx: Walk): Promise<void> {
  await goToKey(ctx, 3)
  await ctx.workbench.command('Tensorlint: Show in Tree')
  // The list has the focus in the end; what opens before that is closed again.
  const row = '.pane-body .monaco-list:focus-within .monaco-list-row.selected.focused'
  await ctx.workbench.page.locator(row, { hasText: /weight\s*F16 \[576\]/ }).waitFor()
}

/** A picture in each theme of something that closes when another thing is done. */
async function pictures(ctx: Walk, name: string, open: () => Promise<void>): Promise<void> {
  await ctx.workbench.quiet()
  for (const theme of ['light', 'dark']) {
    await open()
    await ctx.workbench.page.screenshot({ path: path.join(ctx.artefacts, `${name}-${theme}.png`) })
    await ctx.workbench.page.keyboard.press('Escape')
    await ctx.workbench.page.keyboard.press('Escape')
    await ctx.workbench.toggleTheme()
  }
}

async function useLightBulb(ctx: Walk, file: string, title: RegExp): Promise<void> {
  const { page } = ctx.workbench
  await nextProblem(ctx, file)
  const menu = page.locator('.action-widget').first()
  const action = menu.locator('.monaco-list-row.action', { hasText: title }).first()
  // VS Code closes the menu when diagnostics arrive while it opens; a person then presses the keys again.
  for (let tries = 1; ; tries++) {
    await page.keyboard.press('Control+.')
    try {
      await action.waitFor({ timeout: 5_000 })
      break
    } catch (error) {
      if (tries === 4) throw error
      await page.keyboard.press('Escape')
      await nextProblem(ctx, file)
    }
  }
  await page.screenshot({ path: path.join(ctx.artefacts, `lightbulb-${file.replace('.', '-')}.png`) })
  await action.click()
  await menu.waitFor({ state: 'hidden' })
  await ctx.workbench.squiggles().first().waitFor({ state: 'hidden' })
}

async function noSquiggles(ctx: Walk): Promise<void> {
  const { page } = ctx.workbench
  for (const file of ['config.json', 'loader.ts', 'loader.py']) {
    await ctx.workbench.openFile(file)
    await ctx.workbench.squiggles().first().waitFor({ state: 'detached' })
  }
  await page.locator('.markers-panel', { hasText: 'No problems have been detected' }).waitFor()
  await ctx.workbench.command('File: Save All')
  await page.locator('.tab.dirty').first().waitFor({ state: 'detached' })
  await picture(ctx, 'fixed')
}

async function verify(ctx: Walk): Promise<void> {
  const { page } = ctx.workbench
  await ctx.workbench.command('View: Hide Panel')
  await ctx.workbench.command('Tensorlint: Verify Dequantize')
  // The report opens rendered, in a page of its own inside the page.
  const report = page.frameLocator('iframe.webview.ready').frameLocator('#active-frame')
  await report.getByText('30 modules: 30 pass, 0 fail').waitFor()
  await report.getByText(/Decoded by MLX \d[\d.]+ on the CPU/).waitFor()
  await picture(ctx, 'verified')
}

/** Takes the picture in both themes and goes back to the light one. */
async function picture(ctx: Walk, name: string): Promise<void> {
  await ctx.workbench.quiet()
  for (const theme of ['light', 'dark']) {
    await ctx.workbench.page.screenshot({ path: path.join(ctx.artefacts, `${name}-${theme}.png`) })
    await ctx.workbench.toggleTheme()
  }
}
