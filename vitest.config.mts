// The levels of vitest tests. `fast` needs no disk, network or clock beyond its own temporary files; `lsp` starts the
// built server; `run` executes the sample's programs against real MLX. The end-to-end suite has a runner of its own.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          testTimeout: 60_000,
          include: ['test/*.test.ts', 'test/unit/**/*.test.ts', 'test/cases/**/*.test.ts'],
        },
      },
      { test: { name: 'lsp', include: ['test/lsp/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 } },
      { test: { name: 'run', include: ['test/run/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 60_000 } },
    ],
  },
})
