// The command line: started by cli.ts. What it does is in run.ts; the JSON it prints is described in docs/cli.md.

import { processIo } from './io'
import { run } from './run'
import { world } from '../world'

// The exit code is left for the process to end with: output on its way to a pipe is then always written.
void run(process.argv.slice(2), processIo(), world).then(code => (process.exitCode = code))
