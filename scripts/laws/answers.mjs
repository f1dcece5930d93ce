// Answers what Node makes of expressions, and what MLX for Node does: `answers.mjs FOLDER < expressions.json`, a JSON text a
// line for each, as answers.py does. FOLDER has @frost-beta/mlx in its node_modules; without it there is no `mx`.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const folder = process.argv[2]
const { core: mx, nn } = folder ? createRequire(join(folder, 'x.js'))('@frost-beta/mlx') : { core: {}, nn: {} }

/** @param {any} value @returns {string} */
function show(value) {
  if (mx.array && value instanceof mx.array) return `[${value.shape.join(', ')}] ${value.dtype}`
  if (value === undefined || value === null) return 'null'
  if (typeof value !== 'object') return JSON.stringify(value) ?? typeof value
  if (Array.isArray(value) || value instanceof Set) return [...value].map(show).join('; ') || 'nothing'
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return entries.map(([key, item]) => `${key}: ${show(item)}`).join('; ') || 'nothing'
}

/** @param {string} expression */
async function answer(expression) {
  try {
    const run = new Function('mx', 'nn', `return (${expression})`)
    return show(await run(mx, nn))
  } catch (error) {
    return `! ${error instanceof Error ? error.message : String(error)}`
  }
}

const print = process.stdout.write.bind(process.stdout)
console.log = console.info = console.debug = console.table = console.timeEnd = () => {}
for (const expression of JSON.parse(await text(process.stdin))) print(`${JSON.stringify(await answer(expression))}\n`)
