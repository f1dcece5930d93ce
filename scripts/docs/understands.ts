// docs/understands.md: what the tables of server/interp/models understand, by language and library. Methods of values are
// shared by both languages in the tables; which of them a language has is decided here.

import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import '../../server/engine'
import { models, properties } from '../../server/interp/models/index'

export type Language = 'Python' | 'TypeScript and JavaScript'

/** Methods of Python's own kinds of value, as far as they are not JavaScript's alone. */
const pythonMethods: Readonly<Record<string, string>> = {
  str:
    'count encode endswith find format index isalnum isalpha isdigit join lower lstrip partition removeprefix ' +
    'removesuffix replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip title upper zfill',
  list:
    'append clear copy count extend index insert pop remove reverse sort add difference difference_update discard ' +
    'intersection intersection_update isdisjoint issubset issuperset symmetric_difference union update ' +
    'appendleft extendleft popleft',
  dict: '__getitem__ __init__ __setitem__ clear copy get items keys pop popitem setdefault update values',
  file: 'read readlines close write',
}

const prototypes: Readonly<Record<string, readonly object[]>> = {
  str: [String.prototype],
  list: [Array.prototype, Set.prototype, Uint8Array.prototype],
  dict: [Map.prototype, Object.prototype],
}

/** Methods of Node's arrays of MLX; see lib/core of @frost-beta/mlx 0.0.7. */
const frostMethods = new Set(
  (
    'item tolist astype flatten reshape squeeze abs square sqrt rsqrt reciprocal power exp log log2 log10 sin cos log1p ' +
    'all any moveaxis swapaxes transpose sum prod min max logsumexp mean variance split argmin argmax cumsum cumprod ' +
    'cummax cummin round diagonal diag conj index indexPut_'
  ).split(' '),
)

/** What Node reads of a file as text or as bytes. */
const nodeFile =
  /^(text|json|toString|trim|trimEnd|read(Big)?U?Int\d+LE|subarray|slice|buffer|byteOffset|byteLength|length)$/

/** JavaScript's array methods of the standards after the Node that writes the page. */
const laterMethods = new Set(['toSorted', 'toReversed', 'toSpliced', 'with', 'findLast', 'findLastIndex'])

const scriptOnly = /^(js|frost|fs|node|function|number)(\.|$)/
const both: readonly Language[] = ['Python', 'TypeScript and JavaScript']

/** The languages in which an entry of the tables can be met. */
export function languagesOf(name: string): readonly Language[] {
  const [kind = '', member = ''] = [name.split('.')[0], name.slice(name.indexOf('.') + 1)]
  const has = (python: boolean, script: boolean) => both.filter((_, i) => (i === 0 ? python : script))
  if (scriptOnly.test(name) || name === 'os.tmpdir') return ['TypeScript and JavaScript']
  if (kind === 'array') return has(!['variance', 'index', 'indexPut_'].includes(member), frostMethods.has(member))
  const own = /^nn\.Module\.(\w+)$/.exec(name)?.[1]
  if (own !== undefined) return has(!/[A-Z]/.test(own), !own.includes('_'))
  if (member === '[Symbol.iterator]') return has(false, true)
  if (kind === 'path') return has(!/^(pathname|href)$/.test(member), /^(pathname|href)$/.test(member))
  if (kind === 'file') return has(isPython(kind, member), nodeFile.test(member))
  if (kind === 'str' || kind === 'list' || kind === 'dict')
    return has(isPython(kind, member), (prototypes[kind] ?? []).some(p => member in p) || laterMethods.has(member))
  return ['Python']
}

const isPython = (kind: string, member: string): boolean => (pythonMethods[kind] ?? '').split(' ').includes(member)

/** What a group of entries is called on the page. */
const titles: Readonly<Record<string, string>> = {
  py: 'built-in functions',
  js: 'globals',
  'js.promise': 'methods of promises',
  str: 'methods of texts',
  list: 'methods of lists and sets',
  dict: 'methods of dicts and maps',
  array: 'methods of arrays',
  path: 'paths',
  file: 'opened files',
  number: 'methods of numbers',
  function: 'methods of functions',
  'nn.Module': 'modules',
  frost: '`@frost-beta/mlx`',
}

/** Entries that are no names of a library: what the interpreter makes of other values. */
export const internal: ReadonlySet<string> = new Set(['any.get', 'any.slice', 'js.promise.fulfil', 'js.promise.reject'])

function groupOf(name: string): { group: string; member: string } {
  const layer = /^(mlx|frost)\.nn\.([A-Z]\w*)\.(\w+)$/.exec(name)
  if (layer) return { group: `layers of \`${title(`${layer[1]}.nn`)}\``, member: `${layer[2]}.${layer[3]}` }
  const at = name.lastIndexOf('.')
  const [library, member] = [name.slice(0, at), name.slice(at + 1)]
  const first = library.split('.')[0] ?? ''
  const known = titles[library] ?? titles[first === 'js' ? library : '']
  return { group: known ?? `\`${title(library)}\``, member }
}

const title = (library: string): string =>
  library
    .replace(/^js\./, '')
    .replace(/^frost\./, '@frost-beta/mlx ')
    .replace(/^node\./, 'node:')
    .replace(/^fs/, 'node:fs')

function section(language: Language): string {
  const groups = new Map<string, string[]>()
  for (const name of [...models.keys(), ...properties.keys()]) {
    if (internal.has(name) || !languagesOf(name).includes(language)) continue
    const { group, member } = groupOf(name)
    groups.set(group, [...(groups.get(group) ?? []), member])
  }
  const rows = [...groups]
    .sort(([a], [b]) => (a.replace(/\W/g, '').toLowerCase() < b.replace(/\W/g, '').toLowerCase() ? -1 : 1))
    .map(([group, members]) => `| ${group} | ${[...new Set(members)].sort().map(m => `\`${m}\``).join(' ')} |`)
  return `## ${language}\n\n| of | understood |\n|---|---|\n${rows.join('\n')}\n`
}

/** The whole page. */
export async function understandsPage(): Promise<string> {
  const path = join(__dirname, '..', '..', 'docs', 'understands.md')
  return format(page(), { ...(await resolveConfig(path)), filepath: path })
}

const page = (): string =>
  `# What is understood

Written by \`npm run docs\` from the tables in \`server/interp/models\`; each entry is reached by a case, which a test counts.
A call of anything that stands here is followed: what it gives is known as far as its arguments are.
Anything else is *unknown* and silent; the list behind the language status names the places where a load ended so.
The languages themselves, their statements, classes, comprehensions and imports, are not listed, nor are the operators and
attributes of arrays (products, indexing, transposes, shapes and dtypes).

${both.map(section).join('\n')}`
