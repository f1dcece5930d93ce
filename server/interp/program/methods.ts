// The methods of a class by name, as its text has them; kept with the text, since every use of a member asks for them.

import type { ClassDef, FunctionDef } from '../../source/ir'

type Methods = ReadonlyMap<string, FunctionDef>

const isSetter = ({ decorators, name }: FunctionDef): boolean =>
  decorators.some(d => d === 'set' || d.endsWith(`${name}.setter`))

const methodCache = new WeakMap<ClassDef, Methods>()
/** What a name that is looked at means; the last of several of one name. */
export function methodsOf(def: ClassDef): Methods {
  let known = methodCache.get(def)
  if (!known) {
    const all = def.methods.filter(f => !f.decorators.some(d => d === 'set' || d.endsWith('.setter')))
    methodCache.set(def, (known = new Map(all.map(f => [f.name, f]))))
  }
  return known
}

const setterCache = new WeakMap<ClassDef, Methods>()
/** What is called where a name is assigned to. */
export function settersOf(def: ClassDef): Methods {
  let known = setterCache.get(def)
  if (!known) setterCache.set(def, (known = new Map(def.methods.filter(isSetter).map(f => [f.name, f]))))
  return known
}
