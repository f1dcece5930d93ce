// The language server's process entry and composition root: `--stdio`, or a Node IPC channel. Any LSP editor can start it.

import { createConnection, ProposedFeatures } from 'vscode-languageserver/node'
import { startServer } from './lsp/server'
import { world } from './world'

// Standard output belongs to the protocol; a stray print anywhere would break it.
console.log = console.info = console.debug = console.error

const connection = createConnection(ProposedFeatures.all)
startServer(connection, world)
connection.listen()
