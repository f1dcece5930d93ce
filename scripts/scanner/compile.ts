// Compiles server/scan, which is AssemblyScript, to the WebAssembly that server/checkpoint/scannerModule.ts holds.

import { join } from 'node:path'

const root = join(__dirname, '..', '..')
export const scannerModulePath = join(root, 'server', 'checkpoint', 'scannerModule.ts')

/** The text of the module, from the sources as they are; throws with the compiler's words where they do not compile. */
export async function scannerModuleText(): Promise<string> {
  const { main } = await import('assemblyscript/asc')
  let compiled: Uint8Array | undefined
  const output = ['--outFile', 'scanner.wasm', '--optimizeLevel', '3', '--noAssert']
  const { error, stderr } = await main(['server/scan/index.ts', '--baseDir', root, '--runtime', 'stub', ...output], {
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') compiled = contents
    },
  })
  if (error || !compiled) throw new Error(`server/scan does not compile:\n${stderr.toString()}`)
  return [
    '// The scanner, compiled: written by `npm run scanner` from server/scan, where it is to be read and changed.',
    '',
    '/** A WebAssembly module in base64. */',
    `export const scannerModule =\n  '${Buffer.from(compiled).toString('base64')}'`,
    '',
  ].join('\n')
}
