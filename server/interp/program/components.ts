// Programs that belong together because one imports the other: a change of one file costs only its own component.

import type { Program } from '../../source/ir'
import { normalize } from '../stored/checkpoints'
import { findModule } from '../run/modules'
import { groupBy } from '../../util/groupBy'
import { dynamicImports, importsOf, requiredBy } from './names'

/** Groups programs by their imports, each group in the order given; what nothing imports comes first in its group. */
export function componentsOf(
  programs: readonly Program[],
  folders: readonly string[],
): readonly (readonly Program[])[] {
  const parents = new Map<Program, Program>(programs.map(p => [p, p]))
  const find = (p: Program): Program => {
    let root = p
    for (let up = parents.get(root); up && up !== root; up = parents.get(root)) root = up
    parents.set(p, root)
    return root
  }
  const imported = new Set<Program>()
  const join = (program: Program, name: string, level: number): void => {
    const target = findModule({ programs, folders }, program, name, level)
    if (target && target !== program) link(program, target)
  }
  const link = (program: Program, target: Program): void => {
    imported.add(target)
    parents.set(find(target), find(program))
  }
  for (const program of programs) {
    for (const module of requiredBy(program)) join(program, module, 0)
    for (const { before, behind } of dynamicImports(program)) {
      if (program.language !== 'python') {
        for (const other of filesLike(programs, program, before, behind.slice(1)))
          if (other !== program) link(program, other)
        continue
      }
      const level = /^\.*/.exec(before)?.[0].length ?? 0
      const name = before.slice(level)
      if (behind === '') join(program, name, level)
      else {
        if (name.includes('.')) join(program, name.slice(0, name.lastIndexOf('.')), level)
        for (const other of modulesLike(programs, name, behind.slice(1))) if (other !== program) link(program, other)
      }
    }
    for (const statement of importsOf(program)) {
      const names = [
        statement.module,
        ...statement.bindings.flatMap(b =>
          b.imported ? [statement.module ? `${statement.module}.${b.imported}` : b.imported] : [],
        ),
      ]
      for (const name of names) join(program, name, statement.level)
    }
  }
  return [...groupBy(programs, find).values()].map(group => [
    ...group.filter(p => !imported.has(p)),
    ...group.filter(p => imported.has(p)),
  ])
}

/** Programs of Python whose dotted name has these ends, with one segment between them. */
function modulesLike(programs: readonly Program[], before: string, behind: string): readonly Program[] {
  const [start, end] = [before.replace(/\./g, '/'), behind.replace(/\./g, '/')]
  return programs.filter(({ language, path }) => {
    if (language !== 'python') return false
    const name = path.replace(/\\/g, '/').replace(/(\/__init__)?\.py$/, '')
    if (!name.endsWith(end)) return false
    const rest = end === '' ? name : name.slice(0, -end.length)
    const folder = rest.slice(0, rest.lastIndexOf('/') + 1)
    return start === '' || folder.endsWith(`/${start}`) || rest.slice(folder.length).startsWith(start)
  })
}

/** Programs of JavaScript whose path, seen from one of them, has these ends, with one name between them. */
function filesLike(programs: readonly Program[], from: Program, before: string, behind: string): readonly Program[] {
  const start = normalize(`${from.path.slice(0, from.path.replace(/\\/g, '/').lastIndexOf('/'))}/${before}`)
  const end = behind.replace(/\.[cm]?[jt]sx?$/, '')
  return programs.filter(({ language, path }) => {
    const name = path.replace(/\\/g, '/').replace(/\.[cm]?[jt]sx?$/, '')
    const isWithin = language !== 'python' && name.startsWith(start) && name.endsWith(end)
    return isWithin && !name.slice(start.length, name.length - end.length).includes('/')
  })
}
