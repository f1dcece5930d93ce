// The intermediate representation as compact text, for tests and for the dump.
// Blocks are indented; operators are written before their operands in parentheses, so that nesting is plain to see.

import type { Arg, ClassDef, Expr, FunctionDef, Param, Program, Stmt } from './ir'
import { never } from '../util/never'

/** The body of a program, one statement to a line. */
export function showProgram(program: Program): string {
  return showBlock(program.body, '').join('\n')
}

/** One expression on one line (a function with statements spans several). */
export function showExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return JSON.stringify(expr.value)
    case 'name':
      return expr.name
    case 'this':
    case 'super':
      return expr.kind
    case 'template':
      return list(
        'template',
        expr.parts.map(part => (typeof part === 'string' ? JSON.stringify(part) : showExpr(part))),
      )
    case 'attribute':
      return `${showExpr(expr.object)}${expr.optional ? '?.' : '.'}${expr.name}`
    case 'index':
      return `${showExpr(expr.object)}${expr.optional ? '?.' : ''}[${showExpr(expr.index)}]`
    case 'slice': {
      const bounds = [expr.from, expr.to].map(bound => (bound ? showExpr(bound) : '')).join(':')
      return expr.step ? `${bounds}:${showExpr(expr.step)}` : bounds
    }
    case 'call':
      return `${expr.isNew ? 'new ' : ''}${showExpr(expr.callee)}(${expr.args.map(showArg).join(', ')})`
    case 'binary':
    case 'compare':
    case 'logical':
      return list(expr.op, [showExpr(expr.left), showExpr(expr.right)])
    case 'unary':
      return list(expr.op, [showExpr(expr.operand)])
    case 'conditional':
      return list('if', [expr.test, expr.yes, expr.no].map(showExpr))
    case 'list':
      return `[${expr.items.map(showExpr).join(', ')}]`
    case 'tuple':
    case 'set':
      return list(expr.kind, expr.items.map(showExpr))
    case 'dict': {
      const entries = expr.entries.map(entry =>
        'spread' in entry
          ? `**${showExpr(entry.spread)}`
          : `${entry.isSetter ? 'set ' : ''}${showExpr(entry.key)}: ${showExpr(entry.value)}`,
      )
      return `{${entries.join(', ')}}`
    }
    case 'comprehension': {
      const element = (expr.key ? `${showExpr(expr.key)}: ` : '') + showExpr(expr.element)
      const clauses = expr.clauses.map(clause => {
        const conditions = clause.conditions.map(condition => ` if ${showExpr(condition)}`).join('')
        return `for ${showExpr(clause.target)} in ${showExpr(clause.iterable)}${conditions}`
      })
      return list(expr.result, [element, ...clauses])
    }
    case 'function':
      return `(${showFunction(expr.def, '').join('\n')})`
    case 'class':
      return `(${showClass(expr.def, '').join('\n')})`
    case 'spread':
      return `*${showExpr(expr.value)}`
    case 'default':
      return list('default', [showExpr(expr.target), showExpr(expr.value)])
    case 'assignment':
      return list(`:=${expr.op ?? ''}`, [showExpr(expr.target), showExpr(expr.value)])
    case 'yield':
      return list(expr.from ? 'yield*' : 'yield', expr.value ? [showExpr(expr.value)] : [])
    case 'unknown':
      return list(`unknown ${JSON.stringify(expr.what)}`, expr.children.map(showExpr))
    default:
      return never(expr)
  }
}

function list(head: string, parts: readonly string[]): string {
  return `(${[head, ...parts].join(' ')})`
}

function showArg(arg: Arg): string {
  const value = showExpr(arg.value)
  if (arg.spread) return `${arg.spread === 'dict' ? '**' : '*'}${value}`
  return arg.name === undefined ? value : `${arg.name}=${value}`
}

function showParam(param: Param): string {
  const mark = param.rest === 'dict' ? '**' : param.rest === 'list' ? '*' : param.keywordOnly ? '@' : ''
  return `${mark}${showExpr(param.target)}${param.default ? `=${showExpr(param.default)}` : ''}`
}

const step = '  '

function showBlock(body: readonly Stmt[], indent: string): string[] {
  return body.flatMap(statement => showStmt(statement, indent))
}

const labelOf = ({ label }: { readonly label?: string }): string => (label === undefined ? '' : `${label}: `)

function showFunction(def: FunctionDef, indent: string): string[] {
  const words = [
    ...def.decorators.map(decorator => `@${decorator}`),
    def.isGenerator ? 'fn*' : def.isArrow ? 'arrow' : 'fn',
  ]
  const head = `${indent}${words.join(' ')} ${def.name}(${def.params.map(showParam).join(', ')})`
  const [only] = def.body
  if (!def.name && def.body.length === 1 && only?.kind === 'return' && only.value)
    return [`${head} => ${showExpr(only.value)}`]
  return [head, ...showBlock(def.body, indent + step)]
}

function showClass(def: ClassDef, indent: string): string[] {
  const decorators = def.decorators.map(decorator => `@${decorator} `).join('')
  return [
    `${indent}${decorators}class ${def.name}(${[...def.bases.map(showExpr), ...(def.keywords ?? []).map(k => `${k.name}=${showExpr(k.value)}`)].join(', ')})`,
    ...def.attributes.map(({ name, value }) => `${indent}${step}static ${name} = ${showExpr(value)}`),
    ...def.fields.map(({ name, value }) => `${indent}${step}field ${name}${value ? ` = ${showExpr(value)}` : ''}`),
    ...def.methods.flatMap(method => showFunction(method, indent + step)),
  ]
}

/** One statement, as the lines that it takes. */
export function showStmt(statement: Stmt, indent = ''): string[] {
  const inner = indent + step
  const section = (head: string, body: readonly Stmt[]): string[] =>
    body.length > 0 ? [`${indent}${head}`, ...showBlock(body, inner)] : []
  switch (statement.kind) {
    case 'expression':
      return [indent + showExpr(statement.value)]
    case 'assign':
      return [`${indent}${showExpr(statement.target)} ${statement.op ?? ''}= ${showExpr(statement.value)}`]
    case 'if':
      return [
        `${indent}if ${showExpr(statement.test)}`,
        ...showBlock(statement.yes, inner),
        ...section('else', statement.no),
      ]
    case 'for':
      return [
        `${indent}${labelOf(statement)}for ${showExpr(statement.target)} ${statement.over === 'keys' ? 'in keys' : 'in'} ${showExpr(statement.iterable)}`,
        ...showBlock(statement.body, inner),
        ...section('else', statement.orElse),
      ]
    case 'while':
      return [
        ...section('init', statement.init),
        `${indent}${labelOf(statement)}${statement.testLast ? 'do while' : 'while'} ${showExpr(statement.test)}`,
        ...showBlock(statement.body, inner),
        ...section('update', statement.update),
        ...section('else', statement.orElse ?? []),
      ]
    case 'return':
    case 'raise':
      return [indent + statement.kind + (statement.value ? ` ${showExpr(statement.value)}` : '')]
    case 'break':
    case 'continue':
      return [indent + statement.kind + (statement.label === undefined ? '' : ` ${statement.label}`)]
    case 'pass':
      return [indent + statement.kind]
    case 'try':
      return [
        `${indent}try`,
        ...showBlock(statement.body, inner),
        ...statement.handlers.flatMap(handler => [
          [`${indent}except`, handler.types.join('|'), handler.name ? `as ${handler.name}` : '']
            .filter(Boolean)
            .join(' '),
          ...showBlock(handler.body, inner),
        ]),
        ...section('else', statement.orElse),
        ...section('finally', statement.finally),
      ]
    case 'with': {
      const items = statement.items.map(
        item => showExpr(item.value) + (item.target ? ` as ${showExpr(item.target)}` : ''),
      )
      return [`${indent}with ${items.join(', ')}`, ...showBlock(statement.body, inner)]
    }
    case 'function':
      return showFunction(statement.def, indent)
    case 'class':
      return showClass(statement.def, indent)
    case 'import': {
      const bindings = statement.bindings.map(({ imported, local }) => `${imported ?? 'module'} as ${local}`)
      return [`${indent}import ${'.'.repeat(statement.level)}${statement.module}: ${bindings.join(', ')}`.trimEnd()]
    }
    case 'export':
      return [`${indent}export ${statement.names.map(({ local, exported }) => `${local} as ${exported}`).join(', ')}`]
    case 'delete':
      return [`${indent}delete ${statement.targets.map(showExpr).join(', ')}`]
    case 'assert':
      return [`${indent}assert ${showExpr(statement.test)}`]
    case 'global':
      return [`${indent}global ${statement.names.join(', ')}`]
    case 'block':
      return section(`${labelOf(statement)}block`, statement.body)
    case 'unknown':
      return [
        `${indent}unknown ${JSON.stringify(statement.what)} ${statement.children.map(showExpr).join(' ')}`.trimEnd(),
      ]
    default:
      return never(statement)
  }
}
