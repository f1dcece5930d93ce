// Takes the sample's programs apart and puts them together otherwise: classes in other files, methods in another order.
// What a program does stays the same.

/** A deterministic shuffle. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const out = [...items]
  let state = seed * 2_654_435_761 + 1
  for (let i = out.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const j = state % (i + 1)
    const [a, b] = [out[i], out[j]]
    if (a !== undefined && b !== undefined) [out[i], out[j]] = [b, a]
  }
  return out
}

interface Parts {
  readonly head: string
  readonly classes: readonly string[]
  readonly tail: string
}

/** Imports and constants; the classes; what comes after the last class. */
function partsOf(text: string, start: RegExp): Parts {
  const paragraphs = text.split(/\n{2,}(?=\S)/)
  const isClass = (p: string): boolean => start.test(p)
  const first = paragraphs.findIndex(isClass)
  const last = paragraphs.findLastIndex(isClass)
  return {
    head: paragraphs.slice(0, first).join('\n\n'),
    classes: paragraphs.slice(first, last + 1),
    tail: paragraphs.slice(last + 1).join('\n\n'),
  }
}

/** The methods of a class in another order; what stands before the first method stays there. */
function reorderMethods(source: string, indent: string, seed: number): string {
  const isClosed = source.trimEnd().endsWith('}')
  const body = isClosed ? source.trimEnd().slice(0, -1).trimEnd() : source.trimEnd()
  const [first = '', ...rest] = body.split(new RegExp(`\\n\\n(?=${indent}\\S)`))
  const isMethod = (p: string): boolean => (indent.length === 4 ? /^ {4}def /.test(p) : /^ {2}(private )?\w+\(/.test(p))
  const fields = rest.filter(p => !isMethod(p))
  const methods = shuffled(rest.filter(isMethod), seed)
  // A class without fields has its first method in the first paragraph; that one stays where it is.
  return [first, ...fields, ...methods].join('\n\n') + (isClosed ? '\n}' : '')
}

const nameOf = (source: string): string => /class (\w+)/.exec(source)?.[1] ?? ''

/** The Python programs of the sample as four files: layers, blocks, the loader, and what runs it. */
export function rearrangePython(loader: string, transformer: string, seed: number): ReadonlyMap<string, string> {
  const layers = partsOf(transformer, /^class /)
  const program = partsOf(loader, /^class /)
  const classes = layers.classes.map(c => reorderMethods(c, '    ', seed))
  const cut = 2 + (seed % 3)
  const files: readonly [string, readonly string[]][] = [
    [`parts_${seed}`, classes.slice(0, cut)],
    [`blocks_${seed}`, classes.slice(cut)],
    [`filling_${seed}`, program.classes.map(c => reorderMethods(c, '    ', seed + 1))],
  ]
  const home = new Map(files.flatMap(([file, own]) => own.map(c => [nameOf(c), file] as const)))
  const imports = (text: string, file: string): string =>
    [...home]
      .filter(([name, from]) => from !== file && new RegExp(`\\b${name}\\b`).test(text))
      .map(([name, from]) => `from ${from} import ${name}\n`)
      .join('')
  const out = new Map<string, string>()
  for (const [file, own] of files) {
    const text = own.join('\n\n\n')
    out.set(`${file}.py`, `import mlx.core as mx\n${imports(text, file)}\n\n${text}\n`)
  }
  const head = program.head.replace(/^from transformer import .*\n?/m, '')
  out.set(`run_${seed}.py`, `${head}\n${imports(program.tail, '')}\n\n${program.tail}`)
  return out
}

/** The TypeScript program with its classes in another order, and the methods of each. */
export function rearrangeTypeScript(loader: string, seed: number): ReadonlyMap<string, string> {
  const program = partsOf(loader, /^(\/\*\*[^\n]*\*\/\n)?class /)
  const classes = shuffled(program.classes, seed).map(c => reorderMethods(c, '  ', seed))
  return new Map([[`run_${seed}.ts`, `${program.head}\n\n${classes.join('\n\n')}\n\n${program.tail}`]])
}
