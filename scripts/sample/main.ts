// `npm run sample -- DIR`: writes the sample workspace.

import { Command, Option } from 'commander'
import type { Head, Variant } from './writeSample'
import { heads, variants, writeSample } from './writeSample'

new Command('sample')
  .description('write the sample workspace: a small model split into ranks, and two programs that load it')
  .argument('<dir>', 'folder to write; made where it does not exist')
  .addOption(new Option('--variant <variant>', 'what is wrong with it').choices(variants).default('broken'))
  .addOption(new Option('--head <head>', 'whether the head shares the embedding').choices(heads).default('untied'))
  .action((dir: string, { variant, head }: { variant: Variant; head: Head }) => {
    writeSample(dir, { variant, head })
    console.log(`The ${variant} sample (${head} head) is in ${dir}`)
  })
  .parse()
