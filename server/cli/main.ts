// The command line: started by cli.ts. What it does is in run.ts; the JSON it prints is described in docs/cli.md.

import { processIo } from './io'
import { run } from './run'
import { world } from './world'

const io = processIo()

// Taking down what a large checkpoint filled takes as long as reading half of it, so the process does not wait for that; but
// for its output, some of which may be on its way to a pipe.
void run(process.argv.slice(2), io, world).then(code => io.end(() => process.exit(code)))
