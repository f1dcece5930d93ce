// What the interpreter makes of expressions, written as answers.py writes what MLX makes of them. A size, a dtype or a
// number of dimensions that is not known is a question mark; so is what was not followed at all.

// The interpreter's files import one another; the engine is where they are loaded from.
import '../../server/engine'
import { evaluate } from '../../server/interp/expressions'
import { createMachine } from '../../server/interp/machine'
import { runModule } from '../../server/interp/modules'
import { mlxName } from '../../server/interp/shapes/dtypes'
import type { ArrayValue, Value } from '../../server/interp/value'
import { lowerProgram } from '../../server/source/index'

const imports = 'import mlx.core as mx\nimport mlx.nn as nn\n'

function showArray({ variants }: ArrayValue): string {
  const [v] = variants
  if (variants.length !== 1 || !v) return '?'
  const shape = v.shape ? `[${v.shape.map(d => d ?? '?').join(', ')}]` : '?'
  return `${shape} ${v.dtype === undefined ? '?' : mlxName(v.dtype)}`
}

function show(v: Value): string {
  if (v.kind === 'array') return showArray(v)
  if (v.kind === 'list' && !v.open) return v.items.map(show).join('; ') || 'nothing'
  return '?'
}

/** The answers to expressions of Python; the grammars must be loaded. */
export function ourAnswers(expressions: readonly string[]): readonly string[] {
  const program = lowerProgram('/laws.py', `${imports}${expressions.join('\n')}\n`)
  if (!program) throw new Error('Python is not lowered')
  const head = lowerProgram('/head.py', imports)
  if (!head) throw new Error('Python is not lowered')
  const { vars } = runModule(createMachine([head], [], [], undefined), head)
  const statements = program.body.slice(2)
  if (statements.length !== expressions.length) throw new Error('an expression is more than one statement')
  return statements.map((statement, i) => {
    if (statement.kind !== 'expression') throw new Error(`not an expression: ${expressions[i]}`)
    const m = createMachine([program], [], [], undefined)
    const made = evaluate(m, statement.value, { vars, parent: undefined, program })
    const [refusal] = m.refusals
    return refusal ? `! ${refusal.errors[0]}: ${refusal.raises ?? '?'}` : show(made)
  })
}
