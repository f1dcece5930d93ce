// What the interpreter makes of expressions, written as answers.py and javascript.ts write what they really are. What is not
// known, a size, a dtype or all of it, is a question mark.

// The interpreter's files import one another; the engine is where they are loaded from.
import '../../server/engine'
import { evaluate } from '../../server/interp/run/expressions'
import { createMachine } from '../../server/interp/run/machine'
import { runModule } from '../../server/interp/run/modules'
import { mlxName } from '../../server/interp/shapes/dtypes'
import { type ArrayValue, type Value } from '../../server/interp/values/value'
import { keyValue } from '../../server/interp/values/keys'
import { lowerProgram } from '../../server/source/index'

/** What the expressions of a language may name. */
const imports = {
  py: `import argparse, collections, contextlib, copy, dataclasses, functools, itertools, json, math, operator, os, pathlib, re, sys, types
import mlx.core as mx
import mlx.nn as nn
import numpy as np
`,
  mjs: `import { core as mx, nn } from '@frost-beta/mlx'
`,
}

function showArray({ variants }: ArrayValue): string {
  const [v] = variants
  if (variants.length !== 1 || !v) return '?'
  const shape = v.shape ? `[${v.shape.map(d => d ?? '?').join(', ')}]` : '?'
  return `${shape} ${v.dtype === undefined ? '?' : mlxName(v.dtype)}`
}

function show(v: Value): string {
  if (v.kind === 'array') return showArray(v)
  if (v.kind === 'const') return showConstant(v)
  if (v.kind === 'file') return show(v.path)
  if (v.kind === 'list' && !v.open) return v.items.map(show).join('; ') || 'nothing'
  if (v.kind === 'dict' && !v.open && v.views.length === 0)
    return (
      [...v.map]
        .map(([key, item]) => {
          const name = keyValue(key)
          return `${name.kind === 'const' ? name.value : '?'}: ${show(item)}`
        })
        .join('; ') || 'nothing'
    )
  return '?'
}

function showConstant({ value, isFloat }: Value & { kind: 'const' }): string {
  const text = JSON.stringify(value)
  return isFloat === true && Number.isInteger(value) ? `${text}.0` : text
}

const nothingStored = { models: [], folders: [], data: [] }

/** The answers to expressions of a language; the grammars must be loaded. */
export function ourAnswers(expressions: readonly string[], language: keyof typeof imports = 'py'): readonly string[] {
  const lower = (path: string, text: string) => {
    const program = lowerProgram(path, text)
    if (!program) throw new Error(`${path} is not lowered`)
    return program
  }
  const head = lower(`/head.${language}`, imports[language])
  const { vars } = runModule(createMachine([head], nothingStored, undefined), head)
  const [before, after] = language === 'py' ? ['', ''] : ['(', ');']
  const program = lower(`/laws.${language}`, expressions.map(e => `${before}${e}${after}\n`).join(''))
  if (program.body.length !== expressions.length) throw new Error('an expression is more than one statement')
  return program.body.map((statement, i) => {
    if (statement.kind !== 'expression') throw new Error(`not an expression: ${expressions[i]}`)
    const m = createMachine([program], nothingStored, undefined)
    const made = evaluate(m, statement.value, { vars, parent: undefined, program })
    const [refusal] = m.refusals
    if (!refusal) return show(made)
    const { errors, raises = '?' } = refusal
    if (language !== 'py') return `! ${raises}`
    return `! ${raises.startsWith(`${errors[0]}: `) ? raises : `${errors[0]}: ${raises}`}`
  })
}
