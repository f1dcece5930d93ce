// What programs write: shards, JSON and copies of files, and the temporary folders that they write into.
// mx.save_safetensors adds its suffix where the name lacks it (mlx/io/safetensors.cpp, 0.32.4).

import type { LibraryCall } from '../run/libraryCall'
import { loadJson, loadWeights, readings } from '../stored/checkpoints'
import { noteFileRead } from '../stored/fileReads'
import { joinPath } from '../run/operators'
import { literalSuffix } from '../values/text'
import { constant, dict, type InstanceValue, isNumber, isString, none, type Value } from '../values/value'
import { derive, placeKey } from '../run/machine'
import { noteWritten, writtenAt } from '../stored/writtenFiles'
import type { LibraryModel } from './index'
import { noteSaved } from './mlxCore'

const pathOf = (v: Value | undefined): Value => (v?.kind === 'file' ? v.path : (v ?? none))

/** A folder or file of the system's choice: no checkpoint is there. */
function temporary(c: LibraryCall): Value {
  const made = derive(c.m, `temporary ${placeKey(c.at)} ${c.m.frame.activation}`, 'a temporary folder')
  c.m.scratch.add(made.symbol)
  return made
}

const jsonText = 'json.text'

/** A text of JSON: it remembers what it says. */
export const jsonTextOf = (value: Value): Value => ({
  kind: 'instance',
  of: { kind: 'library', name: jsonText },
  attributes: new Map([['value', value]]),
})

/** A list of texts and numbers, as keys are made of; undefined for anything else. */
function plainText(v: Value): string | undefined {
  if (v.kind === 'const' && !v.config && (isString(v) || isNumber(v))) return JSON.stringify(v.value)
  if (v.kind !== 'list' || v.open || v.shape === 'set') return undefined
  const items = v.items.map(plainText)
  return items.every(item => item !== undefined) ? `[${items.join()}]` : undefined
}

function dumped(c: LibraryCall): Value {
  const value = c.get(0, 'obj') ?? none
  const key = c.javascript && c.args.positional.length === 1 ? plainText(value) : undefined
  return key === undefined ? jsonTextOf(value) : constant(key)
}

/** What a JSON text says, if the program made it itself. */
export const jsonIn = (text: Value | undefined): Value | undefined =>
  text?.kind === 'instance' && text.of.kind === 'library' && text.of.name === jsonText
    ? (text as InstanceValue).attributes.get('value')
    : undefined

const writeText = (c: LibraryCall, file: Value | undefined, text: Value | undefined): Value => {
  noteWritten(c.m, pathOf(file), jsonIn(text))
  return none
}

const dumpTo = (c: LibraryCall): Value => {
  noteWritten(c.m, pathOf(c.get(1, 'fp')), c.get(0, 'obj'))
  return none
}

/** `save_file(tensors, filename)`. */
const saveFile = (c: LibraryCall): Value => {
  const tensors = c.get(0, 'tensors', 'tensor_dict')
  noteSaved(c, tensors)
  noteWritten(c.m, pathOf(c.get(1, 'filename')), tensors)
  return none
}

/** `savez(file, **arrays)`. */
const saveZip = (c: LibraryCall): Value => {
  const arrays = dict(
    [...c.args.keywords].map(([name, { value }]) => [name, value]),
    c.args.open || c.args.positional.length > 1,
  )
  const path = pathOf(c.get(0, 'file'))
  noteWritten(c.m, literalSuffix(path).endsWith('.npz') ? path : joinText(path, '.npz'), arrays)
  return none
}

const joinText = (path: Value, suffix: string): Value =>
  isString(path)
    ? constant(path.value + suffix)
    : path.kind === 'template'
      ? { kind: 'template', parts: [...path.parts, suffix] }
      : path

/** `copy(source, target)`: what stands in the source stands in the target, or in the folder of that name. */
function copyFile(c: LibraryCall): Value {
  const [source, target] = [pathOf(c.get(0, 'src')), pathOf(c.get(1, 'dst'))]
  const own = writtenAt(c.m, source)
  if (!own) noteFileRead(c.m, source, c.at, 'open', text => readings(c.m, text, c.at.program.path))
  const content = own
    ? own.content
    : literalSuffix(source).endsWith('.json')
      ? loadJson(c.m, source, c.at)
      : literalSuffix(source).endsWith('.safetensors')
        ? loadWeights(c.m, source, c.at, 'mlx', 'mlx')
        : undefined
  noteWritten(c.m, target, content)
  const name = /[^/\\]+$/.exec(literalSuffix(source))?.[0]
  if (name !== undefined) noteWritten(c.m, joinPath(c.m, target, constant(name)), content)
  return target
}

export const writing: LibraryModel = {
  calls: {
    'tempfile.TemporaryDirectory': temporary,
    'tempfile.mkdtemp': temporary,
    'tempfile.gettempdir': temporary,
    'tempfile.mktemp': temporary,
    'os.tmpdir': temporary,
    'fs.mkdtempSync': temporary,
    'fs.mkdtemp': temporary,
    'json.dump': dumpTo,
    'json.dumps': dumped,
    'js.JSON.stringify': dumped,
    [`${jsonText}.trim`]: c => c.self ?? none,
    [`${jsonText}.trimEnd`]: c => c.self ?? none,
    [`${jsonText}.toString`]: c => c.self ?? none,
    'path.write_text': c => writeText(c, c.self, c.get(0, 'data')),
    'file.write': c => writeText(c, c.self, c.get(0)),
    'fs.writeFileSync': c => writeText(c, c.get(0), c.get(1)),
    'fs.writeFile': c => writeText(c, c.get(0), c.get(1)),
    'shutil.copy': copyFile,
    'shutil.copy2': copyFile,
    'shutil.copyfile': copyFile,
    'fs.copyFileSync': copyFile,
    'fs.copyFile': copyFile,
    'fs.renameSync': copyFile,
    'fs.rename': copyFile,
    'safetensors.mlx.save_file': saveFile,
    'safetensors.numpy.save_file': saveFile,
    'safetensors.torch.save_file': saveFile,
    'mlx.core.savez': saveZip,
    'numpy.savez': saveZip,
  },
  aliases: { 'node:os': 'os' },
}
