// What an object has by itself and by its class, and what it does not have for sure.

import { shaped } from '../arrays/arrays'
import { invoke, noArguments } from '../run/calls'
import { callMember, classOrder } from '../run/classes'
import { derive, type Machine, noteRead } from '../run/machine'
import { mapBehind } from '../values/mapObjects'
import { findMember, getAttribute, libraryBases } from './members'
import { models } from '../models/index'
import { hasMember } from './moduleMembers'
import { layerParameters } from '../arrays/parameters'
import { memberOfProxy } from '../values/proxies'
import { failPython } from '../run/refusals'
import { constant, dict, type InstanceValue, library, nothing, type Place, type Value } from '../values/value'

/** `object.name`. */
export function attributeOfInstance(
  m: Machine,
  object: InstanceValue,
  name: string,
  at: Place,
  javascript: boolean,
): Value {
  const own = object.attributes.get(name)
  if (own) return noteRead(m, own)
  const trapped = javascript ? memberOfProxy(m, object, constant(name), at) : undefined
  if (trapped) return trapped
  const member = findMember(object.of, name, object.whole)
  const self = object.whole ?? object
  if (member?.value.kind === 'function') {
    const method = member.value
    if (method.def.decorators.some(d => /(^|\.)(cached_)?property$/.test(d) || d === 'get'))
      return invoke(m, { ...method, self }, noArguments)
    if (method.def.decorators.includes('staticmethod')) return method
    return { ...method, self: method.def.decorators.includes('classmethod') ? object.of : self }
  }
  if (member) return callMember(m, member.value, '__get__', [self, object.of]) ?? noteRead(m, member.value)
  const inherited = libraryBases(object.of)
    .flatMap(base => [`${base}.${name}`, ...(base.includes('.nn.') ? [`nn.Module.${name}`] : [])])
    .find(full => models.has(full))
  if (inherited !== undefined) return library(inherited, object)
  const map = mapBehind(m, self)
  if (map && name === '__init__') return library('dict.__init__', self)
  if (map && ((javascript && name === 'size') || models.has(`dict.${name}`)))
    return getAttribute(m, map, name, at, javascript)
  if (javascript && name === 'constructor' && object.of.kind === 'class') return object.of
  const made = madeParameter(m, object, name)
  if (made) return made
  // Whoever holds this dict can set any attribute.
  if (name === '__dict__') {
    self.isShared = true
    return { ...dict(), map: self.attributes as Map<string | number, Value> }
  }
  const computed = callMember(m, object, '__getattr__', [constant(name)])
  if (computed) return computed
  // A member under a symbol is written otherwise where the class has it.
  if (javascript && !(name in Object.prototype) && !name.startsWith('[') && isWhollyKnown(self)) return nothing
  else if (!javascript && !m.free && !name.startsWith('__') && lacks(self, name)) {
    const text = `'${nameOf(self.of)}' object has no attribute '${name}'`
    failPython(m, at, 'AttributeError', `a ${nameOf(self.of)} has no attribute ${name}`, undefined, text)
  }
  // An attribute that the workspace never sets is an input; one that a subclass of unknown may set is too.
  return derive(
    m,
    `attribute ${name} of ${object.of.kind === 'class' ? object.of.def.name : object.of.name}`,
    `attribute ${name} is set nowhere`,
    true,
  )
}

const nameOf = (of: InstanceValue['of']): string => (of.kind === 'class' ? of.def.name : of.name.replace(/^.*\./, ''))

/** A parameter of a layer of the library as its constructor made it, or a setting that the constructor has a default for. */
function madeParameter(m: Machine, object: InstanceValue, name: string): Value | undefined {
  if (object.of.kind !== 'library' || !object.of.name.includes('.nn.')) return undefined
  const parameters = layerParameters(object)
  if (!parameters) return undefined
  const of = object.of.name.startsWith('mlx.') ? 'mlx' : 'frost'
  const dtype = name === 'weight' && 'scales' in parameters ? 'U32' : 'F32'
  if (name in parameters) return shaped(parameters[name], m.frame.activation, dtype, of)
  return 'scales' in parameters && name in packedDefaults && !object.attributes.has('mode')
    ? packedDefaults[name]
    : undefined
}

/** What a packed layer holds that was told nothing of it. */
const packedDefaults: Readonly<Record<string, Value>> = {
  group_size: constant(64),
  bits: constant(4),
  mode: constant('affine'),
}

/** Whether nothing but what was seen can have set members of an object: its classes are the program's, and so is its making. */
function isWhollyKnown({ isMade, isShared, of }: InstanceValue): boolean {
  const isOwn = (v: Value): boolean => v.kind === 'class' && v.bases.every(isOwn)
  return isMade === true && !isShared && isOwn(of)
}

/** Library classes that give an object nothing but names with two underscores. */
export const bareClasses = /^(abc\.ABC|typing\.(Generic|Protocol)|typing_extensions\.(Generic|Protocol)|py\.object)$/

/** Decorators that add no attribute to a class. */
const adding = /^((dataclasses\.)?dataclass|(typing\.)?(final|runtime_checkable)|(functools\.)?total_ordering)\b/

/** Whether an object of Python certainly has no attribute of a name, neither of its own nor by its class. */
export function lacks(object: InstanceValue, name: string): boolean {
  const { of, isMade, isShared } = object
  if (isShared || object.standsFor) return false
  if (of.kind === 'library') return isPlainLibrary(of.name) ? true : hasMember(object, name) === false
  const order = classOrder(of)
  if (!isMade || !order) return false
  return order.every(one => {
    if (one.kind === 'library')
      return bareClasses.test(one.name) || (one.name === 'mlx.nn.Module' && !isOfModule(object, name))
    if (one.def.decorators.some(d => !adding.test(d))) return false
    return one.def.methods.every(f => !/^__(getattr|getattribute|setattr)__$/.test(f.name))
  })
}

const isOfModule = (object: InstanceValue, name: string): boolean =>
  hasMember({ ...object, of: { kind: 'library', name: 'mlx.nn.Module' }, attributes: new Map() }, name) !== false

/** Objects that have only what they were made with. */
const isPlainLibrary = (name: string): boolean => name === 'types.SimpleNamespace'
