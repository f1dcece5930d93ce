// `npm run scanner`: compiles server/scan and writes what came out. A test compiles it again and compares.

import { writeFileSync } from 'node:fs'
import { scannerModulePath, scannerModuleText } from './compile'

void scannerModuleText().then(text => {
  writeFileSync(scannerModulePath, text)
  console.log('Written: server/checkpoint/scannerModule.ts')
})
