// The one intermediate representation that every source language is lowered to.
// It knows names, calls, loops and strings, and nothing of tensors. A construct that a language's lowering does not
// know becomes `unknown` and keeps its sub-expressions, so that calls inside it are still seen.
// Spans are UTF-16 offsets into the source text.

export interface Span {
  readonly start: number
  readonly end: number
}

export type LanguageId = 'python' | 'typescript' | 'javascript'

export interface Program {
  readonly language: LanguageId
  readonly path: string
  readonly text: string
  readonly body: readonly Stmt[]
  /** Spans that the parser could not read; the rest of the program is lowered all the same. */
  readonly syntaxErrors: readonly Span[]
  /** What could not be read may have changed what the rest means: it could not be set aside line by line. */
  readonly isTorn?: boolean
  /** Comments with their delimiters (`# …`, `// …`, `/* … *\/`). */
  readonly comments: readonly Span[]
}

export interface Arg {
  readonly value: Expr
  /** Keyword of a keyword argument. */
  readonly name?: string
  /** `*args` / `...args` is 'list', `**kwargs` is 'dict'. */
  readonly spread?: 'list' | 'dict'
}

/** `isSetter`: the value is called with what is assigned to the member. */
export type DictEntry =
  { readonly key: Expr; readonly value: Expr; readonly isSetter?: boolean } | { readonly spread: Expr }

export interface Clause {
  readonly target: Expr
  readonly iterable: Expr
  readonly conditions: readonly Expr[]
}

export type BinaryOp = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '@' | '<<' | '>>' | '>>>' | '&' | '|' | '^'
export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'is' | 'is not' | 'instanceof'
/** `nullish` is `??`; `and`/`or` return one of their operands, as in both languages. */
export type LogicalOp = 'and' | 'or' | 'nullish'

interface Node {
  readonly span: Span
}

export type Expr = Node &
  (
    | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
    /** A name that is looked up; `undefined`, `None`, `True` are literals (undefined is null). */
    | { readonly kind: 'name'; readonly name: string }
    /** `this` of JavaScript; Python's self is an ordinary parameter. */
    | { readonly kind: 'this' }
    /** JavaScript's `super`; Python's `super()` is a call of a name. */
    | { readonly kind: 'super' }
    /** f-string or template literal. A part with a format specification other than an integer pad is `unknown`. */
    | { readonly kind: 'template'; readonly parts: readonly (string | Expr)[] }
    | { readonly kind: 'attribute'; readonly object: Expr; readonly name: string; readonly optional?: boolean }
    /** `a[i]`; Python's `a[i, j]` has a tuple as index. */
    | { readonly kind: 'index'; readonly object: Expr; readonly index: Expr; readonly optional?: boolean }
    | { readonly kind: 'slice'; readonly from?: Expr; readonly to?: Expr; readonly step?: Expr }
    /** `isNew` is JavaScript's `new X()`. `await` is dropped. */
    | {
        readonly kind: 'call'
        readonly callee: Expr
        readonly args: readonly Arg[]
        readonly isNew?: boolean
        readonly optional?: boolean
      }
    | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'unary'; readonly op: '-' | '+' | 'not' | '~'; readonly operand: Expr }
    /** `a < b < c` is lowered to `and` of two compares. `===` is `==`. */
    | { readonly kind: 'compare'; readonly op: CompareOp; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'logical'; readonly op: LogicalOp; readonly left: Expr; readonly right: Expr }
    | { readonly kind: 'conditional'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
    | { readonly kind: 'list' | 'tuple' | 'set'; readonly items: readonly Expr[] }
    /** Python dict, JavaScript object literal (keys are string literals or computed expressions). */
    | { readonly kind: 'dict'; readonly entries: readonly DictEntry[] }
    /** `key` only where `result` is 'dict'. */
    | {
        readonly kind: 'comprehension'
        readonly result: 'list' | 'set' | 'dict' | 'generator'
        readonly key?: Expr
        readonly element: Expr
        readonly clauses: readonly Clause[]
      }
    /** `isNamed`: its name stands for it inside of it. */
    | { readonly kind: 'function'; readonly def: FunctionDef; readonly isNamed?: boolean }
    | { readonly kind: 'class'; readonly def: ClassDef }
    /** `*x` / `...x` inside a list, a tuple or an assignment target. */
    | { readonly kind: 'spread'; readonly value: Expr }
    /** A target of destructuring with a default: `{ bits = 4 }`. Appears only inside targets. */
    | { readonly kind: 'default'; readonly target: Expr; readonly value: Expr }
    /** `(n := f())`, and JavaScript assignments used as values. */
    | { readonly kind: 'assignment'; readonly target: Expr; readonly op?: BinaryOp; readonly value: Expr }
    /** `yield x` / `yield* xs`. */
    | { readonly kind: 'yield'; readonly value?: Expr; readonly from?: boolean }
    | { readonly kind: 'unknown'; readonly what: string; readonly children: readonly Expr[] }
  )

export interface Param {
  /** A name, or a destructuring target (list, dict) in JavaScript. */
  readonly target: Expr
  readonly default?: Expr
  /** `*args` / `...args` is 'list', `**kwargs` is 'dict'. */
  readonly rest?: 'list' | 'dict'
  /** After a bare `*` in Python. */
  readonly keywordOnly?: boolean
  /** The type of Python, where a decorator reads it: of the first parameter of what is registered with a dispatcher. */
  readonly annotation?: Expr
}

export interface FunctionDef extends Node {
  /** Empty for lambdas and arrow functions. */
  readonly name: string
  readonly params: readonly Param[]
  /** An arrow function's or lambda's expression body is one `return`. */
  readonly body: readonly Stmt[]
  /** Python decorators and JavaScript modifiers, by their text: `staticmethod`, `property`, `static`, `get`, … */
  readonly decorators: readonly string[]
  readonly isArrow?: boolean
  readonly isGenerator?: boolean
}

/** `annotation` is the text of the type that Python writes behind the name. */
export interface Attribute {
  readonly name: string
  readonly value: Expr
  readonly annotation?: string
}

export interface ClassDef extends Node {
  readonly name: string
  readonly bases: readonly Expr[]
  /** What stands among the bases of Python by name: `class Loader(Base, kind="x")`. */
  readonly keywords?: readonly Arg[]
  /** Methods (`__init__` for JavaScript's constructor too). */
  readonly methods: readonly FunctionDef[]
  /** Python class attributes and JavaScript static fields, in order. */
  readonly attributes: readonly Attribute[]
  /** JavaScript instance fields, evaluated for every instance before its constructor. */
  readonly fields: readonly { readonly name: string; readonly value?: Expr }[]
  readonly decorators: readonly string[]
}

/** How JavaScript declares a name: for its block (`const`, `let`) or for its function (`var`). Python never says. */
export type Declares = 'let' | 'var'

export interface Handler {
  /** Exception types by their text; empty catches everything. */
  readonly types: readonly string[]
  readonly name?: string
  readonly body: readonly Stmt[]
}

export type Stmt = Node &
  (
    | { readonly kind: 'expression'; readonly value: Expr }
    /** `a = b = v` is two assigns. Declarations without a value are dropped, or assign null in JavaScript. */
    | {
        readonly kind: 'assign'
        readonly target: Expr
        readonly op?: BinaryOp
        readonly value: Expr
        readonly declares?: Declares
        /** In the body of a class. */
        readonly annotation?: string
      }
    | { readonly kind: 'if'; readonly test: Expr; readonly yes: readonly Stmt[]; readonly no: readonly Stmt[] }
    /** `over` says what a JavaScript `for…in` walks: 'keys'. */
    | {
        readonly kind: 'for'
        readonly target: Expr
        readonly iterable: Expr
        readonly over: 'values' | 'keys'
        readonly body: readonly Stmt[]
        readonly orElse: readonly Stmt[]
        readonly declares?: Declares
        readonly label?: string
      }
    /** `while`, and JavaScript's three-part `for` and `do` (`testLast`); a `switch` that is left in its midst runs once. */
    | {
        readonly kind: 'while'
        readonly init: readonly Stmt[]
        readonly test: Expr
        readonly update: readonly Stmt[]
        readonly body: readonly Stmt[]
        /** Python's `else`: run where no `break` has ended the loop, as that of `for` is. */
        readonly orElse?: readonly Stmt[]
        readonly testLast?: boolean
        readonly isSwitch?: boolean
        readonly label?: string
      }
    | { readonly kind: 'return'; readonly value?: Expr }
    | { readonly kind: 'raise'; readonly value?: Expr }
    | { readonly kind: 'break' | 'continue'; readonly label?: string }
    | { readonly kind: 'pass' }
    | {
        readonly kind: 'try'
        readonly body: readonly Stmt[]
        readonly handlers: readonly Handler[]
        readonly orElse: readonly Stmt[]
        readonly finally: readonly Stmt[]
      }
    | {
        readonly kind: 'with'
        readonly items: readonly { readonly value: Expr; readonly target?: Expr }[]
        readonly body: readonly Stmt[]
      }
    /** `switch` and `match` become a chain of `if`s where they can, else `unknown`. */
    /** `wrappers` are Python's decorators as expressions, in the order in which they stand. */
    | { readonly kind: 'function'; readonly def: FunctionDef; readonly wrappers?: readonly Expr[] }
    | { readonly kind: 'class'; readonly def: ClassDef; readonly wrappers?: readonly Expr[] }
    /**
     * `imported` null binds the whole module. Python: `module` is dotted, `level` counts leading dots;
     * `import a.b` binds `a` with module `a`. JavaScript: `module` is the specifier as written, `level` 0;
     * `imported` is `default` for a default import. `*` as `imported` is Python's star import.
     */
    | {
        readonly kind: 'import'
        readonly module: string
        readonly level: number
        readonly bindings: readonly { readonly imported: string | null; readonly local: string }[]
      }
    /** JavaScript: makes a local name visible under another; `export default e` assigns `e` to `*default*` first. */
    | { readonly kind: 'export'; readonly names: readonly { readonly local: string; readonly exported: string }[] }
    | { readonly kind: 'delete'; readonly targets: readonly Expr[] }
    | { readonly kind: 'assert'; readonly test: Expr }
    | { readonly kind: 'global'; readonly names: readonly string[] }
    | { readonly kind: 'block'; readonly body: readonly Stmt[]; readonly label?: string }
    | { readonly kind: 'unknown'; readonly what: string; readonly children: readonly Expr[] }
  )

/** One source language: a line in source/index.ts. */
export interface Language {
  readonly id: LanguageId
  /** With the dot, lower case. */
  readonly extensions: readonly string[]
  readonly commentPrefix: string
  /** Reads a program; never throws for bad input. The grammars must have been loaded (loadGrammars in grammars.ts). */
  /** `before` is what was read of the same file last: what it has in common with the text is not read again. */
  lower(path: string, text: string, before?: Program): Program
}
