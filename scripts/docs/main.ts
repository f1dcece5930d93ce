// `npm run docs`: writes what is derived from the list of rules and from the cases. The diff is the review.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { incidentPage } from './incidentTable'
import { understandsPage } from './understands'
import { ruleIndex, settingsFileSchema, severitySetting } from './ruleTexts'

const root = join(__dirname, '..', '..')

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> } }
}

async function main(): Promise<void> {
  const manifestPath = join(root, 'package.json')
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest
  manifest.contributes.configuration.properties['tensorlint.severity'] = severitySetting()
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`)
  const schemaPath = join(root, 'media', 'tensorlintrc.schema.json')
  const options = await resolveConfig(schemaPath)
  writeFileSync(
    schemaPath,
    await format(JSON.stringify(settingsFileSchema(), null, 2), { ...options, filepath: schemaPath }),
  )
  writeFileSync(join(root, 'docs', 'rules', 'README.md'), ruleIndex())
  writeFileSync(join(root, 'docs', 'incidents.md'), incidentPage())
  writeFileSync(join(root, 'docs', 'understands.md'), await understandsPage())
  console.log(
    'Written: package.json, media/tensorlintrc.schema.json, docs/rules/README.md, docs/incidents.md, docs/understands.md',
  )
}

void main()
