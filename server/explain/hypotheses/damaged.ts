// Is a file cut short, overwritten or not what it claims to be? Every header was read and every span checked against the
// file; values are not looked at here.

import { jsonFilesOf } from '../../checkpoint/models'
import { count } from '../../rules/show'
import type { Dossier } from '../dossier'
import { code, prose } from '../markdown'
import type { Hypothesis, Judged } from './hypothesis'
import { grouped } from '../../util/numbers'

export const damaged: Hypothesis = {
  id: 'damaged',
  title: 'A file is damaged',
  judge({ models, show }: Dossier): Judged {
    const shards = models.flatMap(m => m.shards)
    if (shards.length === 0) return { answer: 'undecided', summary: 'There is no shard to look at.', evidence: [] }
    const bad = shards.filter(s => s.problems.some(p => p.refusedBy.mlx || p.refusedBy.rust || p.tensors.length > 0))
    const broken = [...new Set(models.flatMap(jsonFilesOf))].filter(file => file.problems.length > 0 || !file.root)
    if (bad.length > 0 || broken.length > 0)
      return {
        answer: 'confirmed',
        summary: `${[...(bad.length > 0 ? [count(bad.length, 'shard')] : []), ...(broken.length > 0 ? [count(broken.length, 'JSON file')] : [])].join(' and ')} cannot be read as ${bad.length + broken.length === 1 ? 'it is' : 'they are'}.`,
        evidence: [
          ...bad.flatMap(s => s.problems.slice(0, 3).map(p => `${code(show(s.path))}: ${prose(p.message)}`)),
          ...broken.map(f => `${code(show(f.path))}: ${prose(f.problems[0]?.message ?? 'no JSON')}`),
        ].slice(0, 8),
      }
    const bytes = shards.reduce((sum, s) => sum + s.sizeBytes, 0)
    return {
      answer: 'refuted',
      summary: `${shards.length === 1 ? 'The header of the one shard' : `The headers of all ${shards.length} shards`} and the files’ sizes agree.`,
      evidence: [
        `${count(
          shards.reduce((sum, s) => sum + s.tensors.count, 0),
          'tensor',
        )} in ${grouped(bytes)} bytes: every span lies inside its file and is as long as shape × dtype says`,
        ...shards
          .slice(0, 4)
          .map(s => `${code(show(s.path))}: ${count(s.tensors.count, 'tensor')}, ${grouped(s.sizeBytes)} bytes`),
        `values were not looked at: ${code('tensorlint verify')} decodes them, but no value can cause an error about shapes`,
      ],
    }
  },
}
