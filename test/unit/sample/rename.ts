// Renames the identifiers of a program, in Python and in TypeScript, and can say what a renamed text was before. Strings and
// comments stay, the holes of f-strings and template literals do not; names of libraries, keys and languages are kept.

/** What is not the programmers' own: the languages, MLX, Node, and names that are keys of the checkpoint or its config. */
const kept = new Set(
  `and as assert async await break case catch class const constructor continue def default del elif else enum except export
   extends false finally for from function global if import in instanceof interface is lambda let new nonlocal not null of or
   pass private public raise readonly return static super switch this throw true try type typeof undefined unknown var void
   while with yield None True False number string boolean Record as
   self cls __init__ __call__ __name__ __file__ print range enumerate getattr len str open zip int float
   json load Path pathlib resolve parent mlx core mx fast rms_norm rmsNorm rope dequantize array int32 float32 astype T shape
   reshape transpose repeat softmax sigmoid matmul multiply add subtract tri mean abs argmax item tolist take
   set_default_device setDefaultDevice cpu read axis
   process argv join node fs path readFileSync JSON parse stringify console log forEach push replace toFixed frost beta
   hidden_size num_attention_heads num_key_value_heads num_hidden_layers num_ranks rms_norm_eps rope_theta
   tie_word_embeddings quantization group_size bits
   q_proj k_proj v_proj o_proj gate_proj up_proj down_proj`.split(/\s+/),
)
/** Python's keyword arguments of MLX, which are kept where a call passes them and renamed where they are variables. */
const keyword = /^(group_size|bits|axis|traditional|base|scale|offset)$/

export interface Renaming {
  rename(text: string): string
  restore(text: string): string
}

/** A renaming by a seed: other seeds give other names. */
export function renaming(language: 'python' | 'typescript', seed: number): Renaming {
  const names = new Map<string, string>()
  const back = new Map<string, string>()
  const rename = (name: string): string => {
    let made = names.get(name)
    if (made === undefined) {
      const number = (names.size * 7919 + seed * 104_729) % 1_000_003
      made = /^[A-Z][a-z]/.test(name) ? `Kind${number}x` : seed % 2 ? `item_${number}_x` : `thing${number}x`
      names.set(name, made)
      back.set(made, name)
    }
    return made
  }
  const identifier = (name: string, before: string, after: string): string => {
    if (language === 'python' && keyword.test(name)) {
      const isPassed = /[(,]\s*$/.test(before) && /^=[^=]/.test(after) && !/\bdef [^\n]*$/.test(before)
      return isPassed ? name : rename(name)
    }
    return kept.has(name) ? name : rename(name)
  }
  return {
    rename: text => mapCode(text, language, identifier),
    restore: text => text.replace(/\b(Kind\d+x|item_\d+_x|thing\d+x)\b/g, name => back.get(name) ?? name),
  }
}

type Identifier = (name: string, before: string, after: string) => string

/** Applies `identifier` to every identifier of the code. */
function mapCode(text: string, language: 'python' | 'typescript', identifier: Identifier): string {
  const python = language === 'python'
  const literal = python
    ? /"""[\s\S]*?"""|#[^\n]*|\b[rb]?f"(?:[^"\\]|\\.)*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\d[\w.]*|[A-Za-z_]\w*/y
    : /\/\*[\s\S]*?\*\/|\/\/[^\n]*|`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\d[\w.]*|[A-Za-z_$][\w$]*/y
  const hole = python ? /\{([^{}]*)\}/g : /\$\{([^{}]*)\}/g
  const open = python ? '{' : '${'
  let out = ''
  let at = 0
  while (at < text.length) {
    literal.lastIndex = at
    const token = literal.exec(text)?.[0]
    if (token === undefined) {
      out += text[at++]
      continue
    }
    const after = text.slice(at + token.length, at + token.length + 2)
    if (python ? /^[rb]?f"/.test(token) : token.startsWith('`'))
      out += token.replace(hole, (whole: string, inner: string) =>
        /^[\w.]+(\(.*\)\.4f|.*)$/s.test(inner) ? `${open}${mapCode(inner, language, identifier)}}` : whole,
      )
    else if (/^[A-Za-z_$]/.test(token)) out += identifier(token, text.slice(Math.max(0, at - 200), at), after)
    else out += token
    at += token.length
  }
  return out
}
