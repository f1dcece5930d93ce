// Bundles a TypeScript program of scripts/ for Node, as the shipped programs are: a bundle is what is measured.
import path from 'node:path'
import { root } from './shell.mjs'

/**
 * @param {string} entry Path below the project.
 * @param {string} outfile
 * @param {{ external?: string[] }} [options] Packages that are found at run time.
 */
export async function bundleScript(entry, outfile, { external = [] } = {}) {
  // Not at the top: on a fresh clone there is none before the packages were installed.
  const { default: esbuild } = await import('esbuild')
  await esbuild.build({
    entryPoints: [path.join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: { 'web-tree-sitter': path.join(root, 'node_modules/web-tree-sitter/web-tree-sitter.cjs') },
    external,
    logLevel: 'warning',
  })
}
