// The browser that the end-to-end suite drives: Debian's chromium where we may install it, else one that is there.
import fs from 'node:fs'
import { ensureDebianPackages } from './debian.mjs'
import { findProgram, missing } from './shell.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge']
const bundles = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** @returns {Promise<{ ok: true, executable: string } | import('./shell.mjs').Missing>} */
export async function chromium() {
  await ensureDebianPackages(['chromium', 'fonts-dejavu-core'])
  const named = process.env.TENSORLINT_CHROMIUM
  const found = [named, ...names.map(findProgram), ...bundles].find(file => file !== undefined && fs.existsSync(file))
  if (found !== undefined) return { ok: true, executable: found }
  return missing('there is no Chromium or Chrome', 'install Chromium, or name one in TENSORLINT_CHROMIUM')
}
