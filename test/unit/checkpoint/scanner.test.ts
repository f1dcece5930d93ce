// The scanner's module is what its sources compile to.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { scannerModulePath, scannerModuleText } from '../../../scripts/scanner/compile'

test('scannerModule.ts is compiled from server/scan as it is: `npm run scanner` writes it', async () => {
  expect(readFileSync(scannerModulePath, 'utf8')).toBe(await scannerModuleText())
}, 60_000)
