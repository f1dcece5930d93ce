// Interprets programs against a checkpoint: every module is run, then every function and class that nobody called, with
// unknown inputs, and last every object that holds stored tensors is asked to compute.
// The result says which tensors arrive at which operation; whether that is right is for the rules.

import type { Model } from '../checkpoint/facts'
import type { FunctionDef, Program } from '../source/ir'
import { freeArguments, invoke } from './run/calls'
import { classesOf, freeInit, instantiate } from './run/classes'
import type { Counter } from './program/counting'
import {
  type AbsentKey,
  createMachine,
  type Load,
  type Machine,
  type Met,
  type Product,
  provenHits,
  type Quantization,
  type Sink,
  type Unfollowed,
} from './run/machine'
import type { FileRead } from './stored/fileReads'
import type { Files } from './stored/files'
import { innerValues } from './arrays/handOver'
import type { Mixup } from './arrays/heads'
import type { Merged } from './stored/merging'
import { findMember } from './members/members'
import { namespaceOf } from './models/argparse'
import { findModule, runModule } from './run/modules'
import { calledNames, importsOf, mentionsSink, requiredBy, speaksOfTensors } from './program/names'
import { layerName, type ModuleLoad, packedLayers } from './arrays/parameters'
import type { Refusal } from './run/refusals'
import type { Takes } from './stored/takes'
import type { ArrayValue, ConfigPlace, FunctionValue, InstanceValue, Place, Value, WeightsView } from './values/value'

export interface Run {
  readonly programs: ReadonlySet<Program>
  readonly bound: Model | undefined
  readonly sinks: readonly Sink[]
  readonly products: readonly Product[]
  readonly quantizations: readonly Quantization[]
  readonly moduleLoads: readonly ModuleLoad[]
  /** What fails for sure. */
  readonly refusals: readonly Refusal[]
  /** Heads and tokens that are taken for one another. */
  readonly mixups: readonly Mixup[]
  /** Places where a load was followed to its tensors. */
  readonly understood: readonly Place[]
  /** What the expressions that ask for tensors found; see server/insight. */
  readonly lookups: ReadonlyMap<Place, Met>
  /** The same by the text that was asked with, which may be written elsewhere. */
  readonly keys: ReadonlyMap<Place, Met>
  /** Stored tensors that are really used. */
  readonly takes: Takes
  /** Loops over whole numbers. */
  readonly counters: readonly Counter[]
  readonly unfollowed: readonly Unfollowed[]
  /** Calls that open shards, and with whose reader. */
  readonly loads: readonly Load[]
  /** Files whose tensors came into one dict. */
  readonly merged: Merged
  /** Keys that were asked of a checkpoint and are not in it. */
  readonly absent: readonly AbsentKey[]
  /** Files that are opened by a known path, and bare names of files that the programs may make. */
  readonly fileReads: readonly FileRead[]
  readonly made: ReadonlySet<string>
  /** Paths of files that the programs write. */
  readonly madePaths: ReadonlySet<string>
  /** Config values that the programs looked at. */
  readonly configReads: readonly ConfigPlace[]
  /** Models whose tensors were met. */
  readonly met: ReadonlySet<Model>
  /** Whether anything depended on which checkpoint was bound. */
  readonly askedBound: boolean
  /** Why the run ended early, if it did. */
  readonly stopped: string | undefined
}

/**
 * Runs `programs`, which belong together by their imports, reading free inputs as `bound`. Relative paths are tried
 * against the folders of `files`. Never throws for a user's program.
 */
export function interpret(programs: readonly Program[], files: Files, bound: Model | undefined): Run {
  const m = createMachine(programs, files, bound)
  for (const program of programs) {
    if (!leadsToTensors(m, program)) continue
    m.dead = false
    runModule(m, program, true)
  }
  m.free = true
  runEntries(m)
  runHolders(m)
  return {
    programs: new Set(programs),
    bound,
    sinks: m.sinks,
    products: m.products,
    quantizations: m.quantizations,
    moduleLoads: m.moduleLoads,
    refusals: m.refusals,
    mixups: m.mixups,
    understood: [...m.understood.values()],
    lookups: m.lookups,
    keys: m.keys,
    takes: m.takes,
    counters: [...m.counters.values()],
    unfollowed: [...m.unfollowed.values()],
    loads: [...m.loads.values()],
    merged: m.merged,
    absent: [...m.absent.values()].filter(a => isProven(m, a.view)),
    fileReads: [...m.fileReads.values()],
    made: m.made,
    madePaths: m.madePaths,
    configReads: [...m.configReads.values()],
    met: m.met,
    askedBound: m.askedBound,
    stopped: m.stopped.why,
  }
}

/** Whether a program, or one that it imports, speaks of tensors: what neither does is run only where another imports it. */
function leadsToTensors(m: Machine, program: Program, seen = new Set<Program>()): boolean {
  if (speaksOfTensors(program)) return true
  if (seen.has(program)) return false
  seen.add(program)
  const imported = [
    ...requiredBy(program).map(module => findModule(m, program, module, 0)),
    ...importsOf(program).flatMap(({ module, level, bindings }) => [
      findModule(m, program, module, level),
      ...bindings.map(b =>
        b.imported ? findModule(m, program, [module, b.imported].filter(Boolean).join('.'), level) : undefined,
      ),
    ]),
  ]
  return imported.some(other => other !== undefined && leadsToTensors(m, other, seen))
}

/** What is asked of a checkpoint that no path names may be meant for one that the programs write, where they write any. */
const isProven = (m: Machine, view: WeightsView): boolean =>
  view.named || ((m.hits.get(view)?.size ?? 0) >= provenHits && !m.saves)

/** Functions and methods that nothing has called yet; those that no call names first, since they know their context best. */
function runEntries(m: Machine): void {
  const named = calledNames(m.programs)
  for (const wanted of [false, true]) {
    const scopes = [...m.modules.values()].filter(scope => speaksOfTensors(scope.program))
    for (const scope of scopes)
      for (const value of [...scope.vars.values()])
        if (value.kind === 'function' && value.scope === scope && named.has(value.def.name) === wanted)
          runUncalled(m, value)
    const classes = classesOf(m).filter(of => speaksOfTensors(of.program))
    for (const of of classes) {
      if (named.has(of.def.name) !== wanted) continue
      if (!m.instantiated.has(of.def)) instantiate(m, of, freeInit(m, of))
    }
    for (const of of classes) {
      const instance = m.instantiated.get(of.def)
      if (!instance) continue
      for (const method of of.def.methods)
        if (named.has(method.name) === wanted)
          runUncalled(m, {
            kind: 'function',
            def: method,
            program: of.program,
            scope: of.scope,
            self: receiver(instance, method),
            owner: of,
          })
    }
  }
}

/** What a method is called on: nothing for a static one, the class for a class method. */
const receiver = (instance: InstanceValue, method: FunctionDef): Value | undefined =>
  method.decorators.includes('staticmethod')
    ? undefined
    : method.decorators.includes('classmethod')
      ? instance.of
      : instance

function runUncalled(m: Machine, f: FunctionValue): void {
  if (m.called.has(f.def) || m.work <= 0) return
  m.dead = false
  const parser = f.self ? undefined : m.commands.get(f.def)
  const given = freeArguments(m, f)
  const [first, ...others] = given.positional
  // What a command of the command line is called with is what its parser makes.
  invoke(
    m,
    f,
    parser && first ? { ...given, positional: [{ value: namespaceOf(parser.attributes) }, ...others] } : given,
  )
}

/** Objects that hold stored tensors: what they compute is where the tensors end. */
function runHolders(m: Machine): void {
  const called = new Set(m.called)
  for (const instance of [...m.instances]) {
    if (m.work <= 0) return
    m.dead = false
    if (!holdsAny(instance)) continue
    if (instance.of.kind === 'library') {
      if (Object.values(packedLayers).includes(layerName(instance) ?? '')) noteLayer(m, instance)
      continue
    }
    for (const v of [...instance.attributes.values()])
      if (v.kind === 'function' && mentionsSink(v.def)) invoke(m, v, freeArguments(m, v))
    for (const name of methodNames(instance.of)) {
      const member = findMember(instance.of, name)
      if (member?.value.kind !== 'function' || !computes(name, member.value.def)) continue
      if (m.computed.get(instance)?.has(member.value.def)) continue
      // A part of the computation that the program calls on other objects and never on this one is not meant for it.
      if (called.has(member.value.def) && name !== '__call__' && name !== 'forward') continue
      const method: FunctionValue = { ...member.value, self: receiver(instance, member.value.def) }
      invoke(m, method, freeArguments(m, method))
    }
  }
}

const computes = (name: string, def: FunctionDef): boolean =>
  name === '__call__' || name === 'forward' || mentionsSink(def)

const holdsStored = (v: Value): v is ArrayValue => v.kind === 'array' && v.variants.some(x => x.stored)

/** Whether an object holds a stored tensor, by itself or in a list or dict of its own. */
function holdsAny({ attributes }: InstanceValue): boolean {
  for (const v of attributes.values())
    if (holdsStored(v) || ((v.kind === 'list' || v.kind === 'dict') && innerValues(v).some(holdsStored))) return true
  return false
}

function methodNames(of: Value): ReadonlySet<string> {
  if (of.kind !== 'class') return new Set()
  return new Set([...of.def.methods.map(f => f.name), ...of.bases.flatMap(b => [...methodNames(b)])])
}

/** A layer of the library decodes what was set on it. */
function noteLayer(m: Machine, layer: InstanceValue): void {
  const array = (name: string) => {
    const v = layer.attributes.get(name)
    return v?.kind === 'array' ? v : undefined
  }
  const [weight, scales] = [array('weight'), array('scales')]
  if (!weight?.at || !scales) return
  m.sinks.push({
    op: 'quantized_matmul',
    call: weight.at,
    weight,
    scales,
    biases: array('biases'),
    arguments: { weight: undefined, scales: undefined, biases: undefined },
    groupSize: layer.attributes.get('group_size') ?? layer.attributes.get('groupSize'),
    bits: layer.attributes.get('bits'),
    mode: layer.attributes.get('mode'),
    activation: -1,
    uncertain: false,
    guarded: false,
  })
}
