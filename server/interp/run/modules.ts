// Imports: of a program in the workspace, which is run once, or of a library, whose names are looked up in the models.

import type { Program, Stmt } from '../../source/ir'
import { loadJson, normalize } from '../stored/checkpoints'
import { type Machine, place, unknown } from './machine'
import { libraryName, properties } from '../models/index'
import { execute } from './statements'
import { constant, dict, library, none, type Place, type Scope, type Value } from '../values/value'

const clean = (path: string) => path.replace(/\\/g, '/')
const folderOf = (path: string) => clean(path).replace(/\/[^/]*$/, '')

/** Runs a program's top level once and gives its names. */
export function runModule(m: Machine, program: Program, asMain = false): Scope {
  const known = m.modules.get(program)
  if (known) return known
  const scope: Scope = { vars: new Map(), parent: undefined, program }
  m.modules.set(program, scope)
  if (program.language === 'python') scope.vars.set('__name__', constant(asMain ? '__main__' : moduleName(program)))
  else defineExports(scope, asMain)
  if (m.depth < 40) {
    m.depth++
    execute(m, program.body, scope)
    m.depth--
  }
  return scope
}

/** Whether a module is the program that was started, under a name that no program can write. */
const startedName = '*started*'

/** Whether a program of JavaScript is the one that was started, not imported by another. */
export const isStarted = (m: Machine, program: Program): boolean =>
  m.modules.get(program)?.vars.has(startedName) === true

/** The `module` and `exports` of CommonJS, which every program of JavaScript may use. */
function defineExports(scope: Scope, asMain: boolean): void {
  const exported = dict()
  if (asMain) scope.vars.set(startedName, constant(true))
  scope.vars.set('exports', exported)
  scope.vars.set('module', dict([['exports', exported]]))
}

/** What a program exports in the way of CommonJS; undefined where it exports nothing so. */
function commonExports(scope: Scope): Value | undefined {
  const module = scope.vars.get('module')
  const exported = module?.kind === 'dict' ? module.map.get('exports') : undefined
  const isEmpty = exported?.kind === 'dict' && exported.map.size === 0 && exported.views.length === 0 && !exported.open
  return isEmpty ? undefined : exported
}

/** What `require` or a dynamic import of a program gives; undefined for what is no program of the workspace. */
export function requireModule(m: Machine, from: Program, module: string): Value | undefined {
  const program = findModule(m, from, module, 0)
  if (!program) return undefined
  const scope = runModule(m, program)
  return commonExports(scope) ?? { kind: 'namespace', scope }
}

/** What importing or requiring a JSON file gives, by its path beside the program. */
export function importedJson(m: Machine, from: Program, module: string, at: Place): Value | undefined {
  if (from.language === 'python' || !module.startsWith('.') || !module.endsWith('.json')) return undefined
  return loadJson(m, constant(normalize(`${folderOf(from.path)}/${module}`)), at)
}

const moduleName = (program: Program) =>
  clean(program.path)
    .replace(/^.*\//, '')
    .replace(/\.\w+$/, '')

/** Programs by their path without extension, made once for a set of programs. */
const indexes = new WeakMap<readonly Program[], Map<string, Program>>()
function indexOf(m: Pick<Machine, 'programs'>): Map<string, Program> {
  let index = indexes.get(m.programs)
  if (!index) {
    index = new Map()
    for (const program of m.programs) {
      const path = clean(program.path).replace(/\.[cm]?[jt]sx?$|\.py$/, '')
      const language = program.language === 'python' ? 'py:' : 'js:'
      index.set(language + path, program)
      if (/\/(__init__|index)$/.test(path)) index.set(language + path.replace(/\/(__init__|index)$/, ''), program)
    }
    indexes.set(m.programs, index)
  }
  return index
}

/** The program that an import names, seen from `from`; undefined where it is not in the workspace. */
export function findModule(
  m: Pick<Machine, 'programs' | 'folders'>,
  from: Program,
  module: string,
  level: number,
): Program | undefined {
  const index = indexOf(m)
  if (from.language !== 'python') {
    if (!module.startsWith('.')) return undefined
    const target = normalize(`${folderOf(from.path)}/${module}`)
    return index.get(`js:${target}`) ?? index.get(`js:${target.replace(/\.[cm]?[jt]sx?$/, '')}`)
  }
  const relative = module.replace(/\./g, '/')
  if (level > 0) {
    let folder = folderOf(from.path)
    for (let i = 1; i < level; i++) folder = folderOf(folder)
    return index.get(`py:${relative ? `${folder}/${relative}` : folder}`)
  }
  for (let folder = folderOf(from.path); folder; folder = folder.includes('/') ? folderOf(folder) : '') {
    const found = index.get(`py:${folder}/${relative}`)
    if (found) return found
    if (m.folders.some(f => clean(f) === folder)) break
  }
  for (const folder of m.folders) {
    const found = index.get(`py:${clean(folder)}/${relative}`) ?? index.get(`py:${clean(folder)}/src/${relative}`)
    if (found) return found
  }
  return undefined
}

export function importModule(m: Machine, s: Stmt & { kind: 'import' }, scope: Scope): void {
  const program = findModule(m, scope.program, s.module, s.level)
  const names = program && program !== scope.program ? runModule(m, program) : undefined
  for (const { imported, local } of s.bindings) {
    if (imported === '*') {
      for (const [name, value] of names?.vars ?? []) if (!name.startsWith('_')) scope.vars.set(name, value)
    } else {
      scope.vars.set(local, importName(m, s, scope, names, imported))
      if (names && imported !== null && scope.program.language !== 'python')
        (scope.imports ??= new Map()).set(local, { from: names, name: imported })
    }
  }
}

function importName(
  m: Machine,
  s: Stmt & { kind: 'import' },
  scope: Scope,
  names: Scope | undefined,
  imported: string | null,
): Value {
  if (names) {
    const common = names.program.language === 'python' ? undefined : commonExports(names)
    if (common && (imported === null || imported === 'default')) return common
    if (common?.kind === 'dict' && imported !== null) {
      const value = common.map.get(imported)
      if (value) return value
    }
    if (imported === null) return { kind: 'namespace', scope: names }
    const value = names.vars.get(imported) ?? names.vars.get(imported === 'default' ? '*default*' : imported)
    if (value) return value
  }
  if (imported !== null && scope.program.language === 'python') {
    // `from package import module`
    const inner = findModule(m, scope.program, s.module ? `${s.module}.${imported}` : imported, s.level)
    if (inner) return { kind: 'namespace', scope: runModule(m, inner) }
  }
  const json = importedJson(m, scope.program, s.module, place(scope.program, s.span))
  if (json?.kind === 'dict' && imported !== null && imported !== 'default') return json.map.get(imported) ?? none
  if (json) return json
  if (names || s.level > 0 || s.module.startsWith('.'))
    return unknown(m, `${imported ?? s.module} is not found in the workspace`)
  const base = libraryName(s.module)
  const full = imported === null || imported === 'default' ? base : libraryName(`${base}.${imported}`)
  const made = library(full)
  return properties.get(full)?.(m, made, place(scope.program, s.span)) ?? made
}

/** `importlib.import_module(name, package)`: a name with leading dots is seen from the package. */
export function importByName(m: Machine, from: Program, name: string, package_: string | undefined): Value | undefined {
  const level = /^\.*/.exec(name)?.[0].length ?? 0
  const rest = name.slice(level)
  const program =
    level > 0 && package_ !== undefined
      ? findModule(
          m,
          from,
          `${package_
            .split('.')
            .slice(0, level === 1 ? undefined : 1 - level)
            .join('.')}.${rest}`,
          0,
        )
      : findModule(m, from, rest, level)
  return program && { kind: 'namespace', scope: runModule(m, program) }
}
