// The verification report as text: totals, causes once, tables that are aligned, and strangers' names made harmless.
import { describe, expect, it } from 'vitest'
import type { DequantizeResult, VerifiedModule, VerifyReport } from '../../../server/protocol'
import { reportSummary, reportText } from '../../../src/reportText'

const ok: DequantizeResult = {
  status: 'ok',
  error: null,
  shape: [64, 96],
  dtype: 'float16',
  sha256: '00',
  min: -0.125,
  max: 0.5,
  mean: 0.000012,
  nan: 0,
  inf: 0,
  ms: 1.25,
}
const failed: DequantizeResult = {
  status: 'error',
  error: '[dequantize] Shape of scales and biases does not match the matrix',
  shape: null,
  dtype: null,
  sha256: null,
  min: null,
  max: null,
  mean: null,
  nan: null,
  inf: null,
  ms: 0.5,
}
const at = (module: string, result: DequantizeResult, afterFix?: DequantizeResult): VerifiedModule => ({
  ...result,
  module,
  path: '/models/llama/rank_0/model.safetensors',
  afterFix,
})
const report = (modules: readonly VerifiedModule[], more: Partial<VerifyReport> = {}): VerifyReport => ({
  version: 1,
  engine: 'mlx',
  mlxVersion: '0.32.4',
  modules,
  ...more,
})
const options = { subject: 'llama', showPath: (path: string) => path.replace('/models/', '') }

describe('the summary', () => {
  it('counts what passes now and after the fix', () => {
    const { sentence, failing } = reportSummary(report([at('a', failed, ok), at('b', failed, ok), at('c', ok)]))
    expect(sentence).toBe('3 modules: 1 pass, 2 fail. After the proposed fix 2 of 2 pass')
    expect(failing).toBe(true)
  })

  it('is quiet about a fix where there is none', () => {
    expect(reportSummary(report([at('a', ok)]))).toEqual({ sentence: '1 module: 1 pass, 0 fail', failing: false })
  })

  it('says when there was nothing to do', () => {
    expect(reportSummary(report([])).sentence).toBe('There is no quantized module to verify')
  })
})

describe('the report', () => {
  it('names each cause once, with the modules it concerns', () => {
    const text = reportText(report(['a', 'b', 'c', 'd'].map(name => at(name, failed))), options)
    expect(text.match(/does not match the matrix/g)).toHaveLength(1)
    expect(text).toContain('4 modules: a, b, c, …\n\n```text\n[dequantize] Shape')
  })

  it('aligns the table as plain text', () => {
    const text = reportText(report([at('layers.0.q_proj', failed, ok), at('lm_head', ok)]), options)
    const rows = text.split('\n').filter(line => line.startsWith('|'))
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map(row => row.length)).size).toBe(1)
    expect(text).toContain('## llama/rank_0/model.safetensors')
    expect(rows[2]).toMatch(/layers\.0\.q_proj \| FAIL +\| pass +\| 64 × 96/)
  })

  it('says who decoded, and what is missing with its remedy', () => {
    const notice = { reason: 'python3 has no mlx', remedy: 'Install it', command: 'python3 -m pip install mlx' }
    const text = reportText(report([at('a', ok)], { engine: 'builtin', mlxVersion: null, notice }), options)
    expect(text).toContain('Decoded by the built-in dequantizer.')
    expect(text).toContain('> python3 has no mlx\n>\n> Install it\n>\n> ```text\n> python3 -m pip install mlx\n> ```')
    expect(reportText(report([at('a', ok)]), options)).toContain('Decoded by MLX 0.32.4 on the CPU.')
  })

  it('keeps names from a file from being markup', () => {
    const text = reportText(report([at('a|b\n# <img src=x>', ok), at('![x](https://example.com)', ok)]), options)
    expect(text).toContain('a\\|b # \\<img src=x>')
    expect(text).toContain('!\\[x\\](https://example.com)')
    expect(text.split('\n').filter(line => line.startsWith('#'))).toHaveLength(2)
  })

  it('leaves the underscores of ordinary names alone, and only those', () => {
    const text = reportText(report([at('self_attn.q_proj', ok), at('__proto__', ok)]), options)
    expect(text).toContain('| self_attn.q_proj ')
    expect(text).toContain('| \\_\\_proto\\_\\_ ')
  })

  it('quotes an error word for word, whatever is in it', () => {
    const error = 'bad\n```\n# not a heading'
    const text = reportText(report([at('a', { ...failed, error })]), options)
    expect(text).toContain('````text\nbad\n```\n# not a heading\n````')
  })
})
