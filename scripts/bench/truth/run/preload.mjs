// Loaded before a JavaScript program: writes to descriptor 3 how the program ended, with the places of its errors.
// Stacks are mapped back to the TypeScript lines by Node itself (--enable-source-maps).
import { writeSync } from 'node:fs'

/** @type {{ status: string, type?: string, text: string, stacks: string[] }} */
const report = { status: 'ok', text: '', stacks: [] }

/** @param {unknown} error */
function note(error) {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    report.stacks.push(String(at.stack))
    report.text += `${report.text === '' ? '' : '\n'}${at.message}`
  }
}

/** @param {unknown} error */
function raised(error) {
  report.status = 'raised'
  report.type = error instanceof Error ? error.constructor.name : typeof error
  if (!(error instanceof Error)) report.text = String(error)
  note(error)
  process.exit(1)
}
process.on('uncaughtException', raised)
process.on('unhandledRejection', raised)

// A program that reports its own error and exits hides where that came from.
const { error, warn } = console
console.error = (...values) => {
  values.forEach(note)
  error(...values)
}
console.warn = (...values) => {
  values.forEach(note)
  warn(...values)
}
const exit = process.exit.bind(process)
process.exit = code => {
  const status = code ?? process.exitCode
  if (status !== undefined && Number(status) !== 0 && report.status === 'ok') note(new Error('exit'))
  return exit(code)
}
process.on('exit', code => {
  if (code !== 0 && report.status === 'ok') Object.assign(report, { status: 'raised', type: 'exit' })
  writeSync(3, JSON.stringify(report))
})
