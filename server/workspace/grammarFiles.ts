// Finds the wasm files of the grammars on disk: beside the running bundle, or in node_modules when the sources run
// unbundled (tests, scripts).

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const packages: Readonly<Record<string, string>> = {
  'web-tree-sitter.wasm': 'web-tree-sitter',
  'tree-sitter-python.wasm': 'tree-sitter-python',
  'tree-sitter-typescript.wasm': 'tree-sitter-typescript',
  'tree-sitter-tsx.wasm': 'tree-sitter-typescript',
}

/** The bytes of a grammar file by its bare name, for `loadGrammars`. */
export async function readGrammar(file: string): Promise<Uint8Array> {
  const places = [join(__dirname, file)]
  for (let folder = __dirname; ; folder = dirname(folder)) {
    places.push(join(folder, 'node_modules', packages[file] ?? '', file))
    if (folder === dirname(folder)) break
  }
  for (const place of places) {
    try {
      return await readFile(place)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ENOTDIR')
        throw error
    }
  }
  throw new Error(`${file} is neither beside the program nor in node_modules`)
}
