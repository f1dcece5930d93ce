// The language server's process entry and composition root: `--stdio`, or a Node IPC channel. Any LSP editor can start it.

import { setFlagsFromString } from 'node:v8'
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node'
import { startServer } from './lsp/server'
import { world } from './world'

// Standard output belongs to the protocol; a stray print anywhere would break it.
console.log = console.info = console.debug = console.error

// A promise that nobody waits for must not end the server and with it everything else that works.
process.on('unhandledRejection', reason => {
  console.error(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`)
})

// V8 lets the heap grow to a multiple of what is in use before it looks; an editor's other half should not, though looking
// more often costs time with the largest checkpoints.
setFlagsFromString('--heap-growing-percent=30')

const connection = createConnection(ProposedFeatures.all)
startServer(connection, world)
connection.listen()
