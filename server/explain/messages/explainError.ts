// Explains a pasted error: which messages of MLX are in it, where the traceback passed through the workspace, which stored
// tensors fit the numbers, and then the analysis of the model that they belong to.

import type { Analysis, Snapshot } from '../../engine'
import type { Because, Explanation } from '../../protocol'
import { rangeIn, rangeOf } from '../../rules/show'
import { documentOf } from '../document'
import { type Dossier, gather } from '../dossier'
import { atLine, atPlace, bullets, code, fenced, modelTitle, prose } from '../markdown'
import { statementsOf } from '../parameters'
import { alike, moduleList } from '../show'
import { type Candidate, candidatesFor } from './candidates'
import { framesOf, type OwnFrame, ownFrames } from './frames'
import { type Recognised, recognise } from './index'
import { namedIn } from './tensors'

/** More groups of candidates than this are counted. */
const mostGroups = 6

/** Explains a text of at most 256 KB (of a longer one its end) against everything that is open. */
export function explainError(snapshot: Snapshot, analysis: Analysis, text: string): Explanation {
  const found = recognise(text)
  // The last is what ended the program, unless it was raised while another was handled: then the first is the cause.
  const chained = /During handling of the above exception|direct cause of the following exception/.test(
    text.slice(-300_000),
  )
  const main = chained ? found[0] : found[found.length - 1]
  const frames = ownFrames(framesOf(text), snapshot.programs)
  const whole = gather(snapshot, analysis, {})
  if (!main) return unrecognised(whole, frames)
  const candidates = candidatesFor(whole, main, frames)
  const best = candidates.filter(c => c.score >= (candidates[0]?.score ?? 0) - 5)
  const models = new Set(best.map(c => c.weight.model))
  const [model] = models
  const dossier = gather(snapshot, analysis, {
    ...(models.size === 1 && model ? { model: model.path } : {}),
    modules: best.map(c => c.weight.module),
  })
  const named = namedIn(dossier.models, main, whole.show)
  const sections = [
    errorSection(main, found),
    ...(frames.length > 0 ? [`## Traceback\n\n${tracebackText(whole, frames)}`] : []),
    `## What it speaks of\n\n${[candidatesText(whole, candidates, best), ...(named.lines.length > 0 ? [bullets(named.lines)] : [])].filter(Boolean).join('\n\n') || 'Nothing in the checkpoints of this workspace fits the message: the model may lie elsewhere, or the numbers come from tensors that were computed.'}`,
  ]
  return {
    markdown: documentOf(dossier, { title: titleOf(main, best), sections }),
    places: placesOf(dossier, best, frames, named.places),
  }
}

function titleOf({ text }: Recognised, best: readonly Candidate[]): string {
  const short = text.length > 110 ? `${text.slice(0, 110)}…` : text
  const modules =
    best.length > 0
      ? `: ${moduleList(
          best.map(c => c.weight),
          2,
        )}`
      : ''
  return `${code(short)}${modules}`
}

function errorSection({ message, reading, text }: Recognised, found: readonly Recognised[]): string {
  const others = [...new Set(found.map(f => f.text))].filter(other => other !== text).slice(0, 4)
  const when = {
    open: 'when a file is opened',
    load: 'when weights are loaded into a model',
    construction: 'when a model is built',
    'first use': 'at the first use of a weight',
    evaluation: 'when a result is evaluated',
  }[message.when]
  const names = reading.names.slice(0, 12)
  const more = reading.names.length - names.length
  return [
    '## The error',
    fenced('', [text, ...names.map(name => `  ${name}`), ...(more > 0 ? [`  and ${more} more`] : [])].join('\n')),
    `Raised ${when}. ${message.meaning(reading)}`,
    ...(others.length > 0 ? [`Also in the text: ${others.map(code).join('; ')}.`] : []),
  ].join('\n\n')
}

/** More frames than this say nothing new. */
const mostFrames = 12

function tracebackText({ show }: Dossier, frames: readonly OwnFrame[]): string {
  const shown = frames.slice(-mostFrames)
  return bullets(
    shown.map(f => {
      const line = f.program.text.split('\n')[f.line]?.trim() ?? ''
      return `${atLine(show, f.program.path, { line: f.line, character: 0 })} ${line ? code(line.slice(0, 160)) : ''}`.trim()
    }),
  )
}

function candidatesText(whole: Dossier, candidates: readonly Candidate[], best: readonly Candidate[]): string {
  if (candidates.length === 0) return ''
  const byWeight = new Map(candidates.map(c => [c.weight, c]))
  const groups = alike(best.map(c => c.weight))
  const severalModels = new Set(candidates.map(c => c.weight.model)).size > 1
  const lines = groups.slice(0, mostGroups).map(([first, ...rest]) => {
    const candidate = byWeight.get(first)
    const where = severalModels ? ` of ${code(modelTitle(whole.show, first.model))}` : ''
    const also = rest.length > 0 ? ` (${rest.length + 1} modules alike)` : ''
    return `${moduleList([first, ...rest])}${where}${also}: ${candidate?.reasons.join('; ') ?? ''}`
  })
  const more = groups.length - lines.length
  const head =
    best.length === 1
      ? 'One weight fits best:'
      : `${best.length} weights fit equally well; nothing in the text tells them apart. Where layers run in order, the first fails first:`
  const others = candidates.filter(c => !best.includes(c)).map(c => c.weight)
  const rest = [
    ...(more > 0 ? [`and ${more} more groups that fit as well`] : []),
    ...(others.length > 0 ? [`less well: ${moduleList(others)}`] : []),
  ]
  return `${head}\n\n${bullets([...lines, ...rest])}`
}

/** Tensors, then config values, then calls: one or two of each kind for the best candidates. */
function placesOf(
  dossier: Dossier,
  best: readonly Candidate[],
  frames: readonly OwnFrame[],
  named: readonly Because[],
): Because[] {
  const places: Because[] = []
  const groups = alike(best.map(c => c.weight)).slice(0, 4)
  for (const [w] of groups)
    for (const t of [w.weight, w.scales, w.biases])
      if (t)
        places.push({
          path: t.shard.path,
          range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
          message: `${t.tensor.name} is stored ${t.tensor.dtype} [${t.tensor.shape.join(', ')}]`,
          tensor: t.tensor.name,
        })
  places.push(...named)
  const chosen = new Set(groups.map(([w]) => w.weight.tensor))
  const statements = statementsOf(dossier).filter(s => chosen.has(s.weight.weight.tensor))
  for (const s of [...statements].sort(
    (a, b) => Number(b.judgement !== undefined) - Number(a.judgement !== undefined),
  )) {
    const wanted = s.judgement ? `; the tensors say ${s.judgement.wanted[s.which]}` : ''
    places.push({ path: s.source.path, range: s.source.range, message: `${s.source.text}${wanted}` })
  }
  for (const [w] of groups) {
    const delivery = best.find(c => c.weight === w)?.delivery
    if (!delivery) continue
    for (const place of [delivery.site, delivery.sink.call])
      places.push({
        path: place.program.path,
        range: rangeOf(place),
        message: place === delivery.site ? `hands ${w.module} over` : `the ${delivery.sink.op} that takes it`,
      })
  }
  for (const frame of frames.slice(-3)) {
    const starts = frame.program.text.split('\n').slice(0, frame.line)
    const offset = starts.reduce((sum, line) => sum + line.length + 1, 0)
    const end = offset + (frame.program.text.split('\n')[frame.line]?.length ?? 0)
    places.push({ path: frame.program.path, range: rangeIn(frame.program, offset, end), message: 'in the traceback' })
  }
  const seen = new Set<string>()
  return places
    .filter(p => {
      const key = JSON.stringify([p.path, p.range.start, p.tensor])
      return seen.has(key) ? false : seen.add(key)
    })
    .slice(0, 24)
}

function unrecognised(whole: Dossier, frames: readonly OwnFrame[]): Explanation {
  const calls = whole.deliveries.filter(d =>
    frames.some(f => f.program === d.sink.call.program || f.program === d.site.program),
  )
  const lines = [...new Set(calls.map(d => `${atPlace(whole.show, d.site)} hands ${code(d.module)} over`))].slice(0, 6)
  const sections = [
    `## The error\n\n${prose('No message of MLX was recognised in the text. What follows is what the checkpoints and sources show by themselves.')}`,
    ...(frames.length > 0
      ? [`## Traceback\n\n${tracebackText(whole, frames)}${lines.length > 0 ? `\n\n${bullets(lines)}` : ''}`]
      : []),
  ]
  return {
    markdown: documentOf(whole, { title: 'An error that is not known', sections }),
    places: placesOf(whole, [], frames, []),
  }
}
