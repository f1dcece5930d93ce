// What the scanner gives to the world outside. Compiled by AssemblyScript to WebAssembly: `npm run scanner`, which writes
// checkpoint/scannerModule.ts. It is compiled for the sake of the first millisecond, in which JavaScript is still
// interpreted: one look at a large checkpoint is over before that is optimised.

export { addDtype } from './dtypes'
export { addDim, clearDims, firstFamily } from './families'
export { addOddRow, at, decodedName, headerEntries, openHeader } from './header'
export { findRepeats, openHashes, repeats } from './repeats'
export {
  beginBits,
  count,
  indexNames,
  inOrder,
  lastEnd,
  mixedSum,
  nameSum,
  packed,
  packedBytes,
  packedNames,
  packRows,
  slotCount,
  slots,
  spanBytes,
  superseded,
} from './rows'
export { nonAscii } from './text'
export {
  addOddEntry,
  entryCount,
  entryHashes,
  fileNumbers,
  firstFile,
  indexEntries,
  moveWindow,
  openIndex,
  spans,
  stoppedAt,
} from './weightMap'
