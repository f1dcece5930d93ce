// Finds by plain patterns which files a source imports, for deciding what is worth lowering. It errs towards too many:
// what an import really binds is decided later, by the interpreter, on the lowered programs.

import { languageOf } from '../source/index'

const pythonFrom = /^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)/gm
const pythonImport = /^[ \t]*import[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)/gm
const scriptFrom = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*(['"])([^'"\n]+)\1/g

/** Module paths that a text imports, each split into its names: `from .a import b` gives [a] and [a, b]. */
export function importsOf(text: string): readonly (readonly string[])[] {
  const found: string[][] = []
  for (const [, , module = '', names = ''] of text.matchAll(pythonFrom)) {
    const base = module.split('.').filter(Boolean)
    if (base.length > 0) found.push(base)
    for (const name of names.replace(/[()\\]/g, ' ').split(',')) {
      const first = /\w+/.exec(name)?.[0]
      if (first) found.push([...base, first])
    }
  }
  for (const [, list = ''] of text.matchAll(pythonImport))
    for (const item of list.split(',')) {
      const module = /[\w.]+/.exec(item)?.[0]
      if (module) found.push(module.split('.').filter(Boolean))
    }
  for (const [, , specifier = ''] of text.matchAll(scriptFrom)) {
    const names = specifier.split('/').filter(name => name !== '' && name !== '.' && name !== '..')
    const last = names.pop()
    if (last) found.push([...names, last.replace(/\.[cm]?[jt]sx?$/, '')])
  }
  return found
}

/** For each file, the files among them that its imports may mean, by the endings of their paths. */
export function resolveImports(
  files: readonly { readonly path: string; readonly imports: readonly (readonly string[])[] }[],
): Map<string, readonly string[]> {
  // Last name of the module path → the files that could be it, with all their names.
  const byName = new Map<string, { path: string; names: readonly string[]; language: string | undefined }[]>()
  for (const { path } of files) {
    const names = path.split(/[\\/]/)
    const stem = (names.pop() ?? '').replace(/\.\w+$/, '')
    if (stem !== '__init__' && stem !== 'index') names.push(stem)
    const last = names[names.length - 1] ?? ''
    const entry = { path, names, language: family(path) }
    const list = byName.get(last)
    if (list) list.push(entry)
    else byName.set(last, [entry])
  }
  const targets = new Map<string, readonly string[]>()
  for (const { path, imports } of files) {
    const language = family(path)
    const found = new Set<string>()
    for (const module of imports)
      for (const candidate of byName.get(module[module.length - 1] ?? '') ?? [])
        if (candidate.language === language && endsWith(candidate.names, module)) found.add(candidate.path)
    targets.set(path, [...found])
  }
  return targets
}

/** JavaScript and TypeScript import one another; Python imports Python. */
const family = (path: string) => (languageOf(path)?.id === 'python' ? 'python' : 'script')

const endsWith = (names: readonly string[], ending: readonly string[]) =>
  names.length >= ending.length && ending.every((name, i) => name === names[names.length - ending.length + i])
