// Compares the files that the .vsix would hold with test/package-files.txt, so that nothing ships, or stops shipping,
// unnoticed. `--update` rewrites the list; the diff is the review. The build must have run.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..')
const listPath = join(root, 'test', 'package-files.txt')

/** Pages of docs/rules are one entry: a test compares them with the rules, and a new rule changes one list less. */
const rulePages = (file: string) =>
  file.replace(/^dist\/rules\/([^/]+\.md)$/, (page, name: string) =>
    existsSync(join(root, 'docs', 'rules', name)) ? 'dist/rules/*.md' : page,
  )

/** The files, one a line, sorted by code unit. */
function packagedFiles(): string[] {
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce')
  const output = execFileSync(process.execPath, [vsce, 'ls', '--no-dependencies'], { cwd: root, encoding: 'utf8' })
  const files = output.split(/\r?\n/).filter(Boolean).map(rulePages)
  return [...new Set(files)].sort()
}

function main(): number {
  const actual = packagedFiles()
  if (process.argv.includes('--update')) {
    writeFileSync(listPath, `${actual.join('\n')}\n`)
    console.log(`${actual.length} files listed in test/package-files.txt`)
    return 0
  }
  const expected = readFileSync(listPath, 'utf8').split(/\r?\n/).filter(Boolean)
  const missing = expected.filter(file => !actual.includes(file))
  const added = actual.filter(file => !expected.includes(file))
  for (const file of missing) console.error(`not in the package any more: ${file}`)
  for (const file of added) console.error(`new in the package: ${file}`)
  if (missing.length + added.length === 0) {
    console.log(`The package holds the ${actual.length} files of test/package-files.txt`)
    return 0
  }
  console.error('If that is meant, run: npm run package:files -- --update')
  return 1
}

process.exitCode = main()
