import { chmodSync, existsSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CliIo } from '../../../server/cli/io'
import { run } from '../../../server/cli/run'
import type { World } from '../../../server/lsp/context'
import type { VerifiedModule } from '../../../server/protocol'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { fakeAnalysis, fakeWorld, skippedReport } from '../../support/fakeWorld'
import { tempFolder, triple, writeFiles, zeros } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

async function tensorlint(
  cwd: string,
  line: string | readonly string[],
  world: World = fakeWorld(),
  more: Partial<CliIo> = {},
) {
  const printed = { out: '', err: '' }
  const io: CliIo = {
    cwd,
    out: text => void (printed.out += text),
    err: text => void (printed.err += text),
    colours: false,
    columns: undefined,
    ...more,
  }
  const code = await run(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, io, world)
  return { code, ...printed, json: () => JSON.parse(printed.out) as never }
}

const shard = () => zeros({ ...triple('proj', 128, 256) })

const workspace = () =>
  tempFolder({
    'ws/m/model.safetensors': shard(),
    'ws/m/config.json': '{}',
    'ws/loader.py': 'import mlx\nx = "BROKEN"  # SITE\n',
    'ws/sub/clean.py': 'import mlx\n',
  })

describe('check', () => {
  test('prints JSON of the documented shape and exits 1 where a finding is an error', async () => {
    const { code, out, err, json } = await tensorlint(workspace(), 'check ws --format json')
    expect(code).toBe(1)
    expect(err).toBe('')
    expect(out.endsWith('}\n')).toBe(true)
    const range = { start: { line: 1, character: 5 }, end: { line: 1, character: 11 } }
    const zero = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }
    expect(json()).toEqual({
      version: 1,
      models: [
        {
          path: 'ws/m',
          kind: 'mlx',
          tensors: 3,
          bytes: 128 * 32 * 4 + 2 * 128 * 4 * 2,
          shards: ['ws/m/model.safetensors'],
          config: 'ws/m/config.json',
        },
      ],
      findings: [
        {
          rule: 'broken-word',
          severity: 'error',
          path: 'ws/loader.py',
          range,
          message: 'the word is BROKEN, expected WHOLE',
          tensors: ['proj.weight'],
          because: [
            { path: 'ws/m/model.safetensors', range: zero, message: 'proj.weight is stored so', tensor: 'proj.weight' },
          ],
          fixes: [
            { title: 'Mend the word', kind: 'safe', edits: [{ path: 'ws/loader.py', range, newText: 'WHOLE' }] },
            { title: 'Drop the word', kind: 'needs-a-look', edits: [{ path: 'ws/loader.py', range, newText: '' }] },
          ],
        },
      ],
      suppressed: { comment: 0, settings: 0, baseline: 0 },
    })
  })

  test('prints text with carets under the place', async () => {
    const { code, out } = await tensorlint(workspace(), 'check ws')
    expect(code).toBe(1)
    expect(out.split('\n')).toEqual([
      'ws/loader.py',
      '  ws/loader.py:2:6 error the word is BROKEN, expected WHOLE [broken-word]',
      '    2 | x = "BROKEN"  # SITE',
      '      |      ^^^^^^',
      '    because ws/m/model.safetensors proj.weight is stored so',
      '    fix Mend the word',
      '    fix Drop the word (needs a look)',
      '',
      '1 error in 1 model, 3 tensors, 2 sources. 1 can be fixed by `tensorlint fix --write`.',
      '',
    ])
  })

  test('colours only where it may', async () => {
    const folder = workspace()
    const escape = String.fromCharCode(27)
    expect((await tensorlint(folder, 'check ws')).out).not.toContain(escape)
    expect((await tensorlint(folder, 'check ws', fakeWorld(), { colours: true })).out).toContain(`${escape}[31merror`)
  })

  test('exits 0 where nothing is found, and where nothing found is an error', async () => {
    const folder = workspace()
    const clean = await tensorlint(folder, 'check ws/sub')
    expect(clean).toMatchObject({ code: 0, out: 'No findings in 0 models, 0 tensors, 1 source.\n' })
    const world = fakeWorld({
      analyse: snapshot => {
        const analysis = fakeAnalysis(snapshot)
        return { ...analysis, findings: analysis.findings.map(finding => ({ ...finding, severity: 'warning' })) }
      },
    })
    expect((await tensorlint(folder, 'check ws', world)).code).toBe(0)
  })

  test.each([
    ['ws', 'ws/loader.py'],
    ['ws/', 'ws/loader.py'],
    ['./ws', './ws/loader.py'],
    ['ws/sub/..', 'ws/sub/../loader.py'],
    ['ws/loader.py', 'ws/loader.py'],
    ['./ws/loader.py', './ws/loader.py'],
  ])('prints paths as grep does: %s', async (typed, expected) => {
    const { json } = await tensorlint(workspace(), `check ${typed} --format json`)
    expect(json()).toMatchObject({ findings: [{ path: expected, fixes: [{ edits: [{ path: expected }] }, {}] }] })
  })

  test('prints paths as grep does: . and absolute ones', async () => {
    const folder = workspace()
    const here = await tensorlint(join(folder, 'ws'), 'check . --format json')
    expect(here.json()).toMatchObject({ models: [{ path: './m' }], findings: [{ path: './loader.py' }] })
    const bare = await tensorlint(join(folder, 'ws'), 'check loader.py --format json')
    expect(bare.json()).toMatchObject({ findings: [{ path: 'loader.py', because: [{ path: 'm/model.safetensors' }] }] })
    const absolute = await tensorlint('/', `check ${join(folder, 'ws')} --format json`)
    expect(absolute.json()).toMatchObject({ findings: [{ path: join(folder, 'ws', 'loader.py') }] })
    const model = await tensorlint(join(folder, 'ws', 'm'), 'ls . --format json')
    expect(model.json()).toMatchObject({
      models: [{ path: '.', shards: ['./model.safetensors'], config: './config.json' }],
    })
  })

  test('of a file says what concerns that file', async () => {
    const folder = workspace()
    writeFiles(folder, { 'ws/second.py': 'import mlx\n"BROKEN"\n', 'ws/other/model.safetensors': shard() })
    const paths = async (typed: string) =>
      (
        (await tensorlint(folder, `check ${typed} --format json`)).json() as { findings: { path: string }[] }
      ).findings.map(({ path }) => path)
    expect(await paths('ws/second.py')).toEqual(['ws/second.py'])
    expect(await paths('ws/loader.py')).toEqual(['ws/loader.py'])
    expect(await paths('ws/m/config.json')).toEqual([])
    expect(await paths('ws')).toEqual(['ws/loader.py', 'ws/second.py'])
  })

  test('of a shard looks at that shard and its config alone', async () => {
    const folder = workspace()
    writeFiles(folder, { 'ws/m/other.safetensors': shard() })
    const { json, code } = await tensorlint(folder, 'check ws/m/model.safetensors --format json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({
      models: [{ shards: ['ws/m/model.safetensors'], config: 'ws/m/config.json' }],
      findings: [],
    })
  })

  test('takes several paths', async () => {
    const folder = workspace()
    writeFiles(folder, { 'b/x.py': 'import mlx # BROKEN' })
    const { json } = await tensorlint(folder, 'check ws/sub b --format json')
    expect(json()).toMatchObject({ findings: [{ path: 'b/x.py' }] })
  })

  test('never lets text from a file drive the terminal', async () => {
    const escape = String.fromCharCode(27)
    const folder = tempFolder({ 'x.py': `import mlx\n# ${escape}[2J BROKEN\n` })
    const { out } = await tensorlint(folder, 'check .')
    expect(out).not.toContain(escape)
    expect(out).toContain('2 | # \\u001b[2J BROKEN')
  })
})

describe('usage', () => {
  test.each([
    ['check nowhere', /^tensorlint: nowhere: no such file or folder\n$/],
    ['check ws nowhere', /^tensorlint: nowhere: no such file or folder\n$/],
    ['ls nowhere', /nowhere/],
    ['verify nowhere', /nowhere/],
    ['fix nowhere', /nowhere/],
    ['check', /missing required argument/],
    ['check ws --format yaml', /Allowed choices are text, json/],
    ['check ws --wat', /unknown option '--wat'/],
    ['verify ws --engine cuda', /Allowed choices are auto, mlx, builtin, both/],
    ['lint ws', /unknown command 'lint'/],
    ['', /Usage: tensorlint/],
  ])('%s exits 2 and says why', async (line, why) => {
    const { code, out, err } = await tensorlint(workspace(), line)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(why)
  })

  test('an empty path is a mistake, not the working folder', async () => {
    expect(await tensorlint(workspace(), ['check', ''])).toMatchObject({ code: 2, out: '' })
  })

  test('--version and --help exit 0', async () => {
    expect(await tensorlint('/', '--version')).toMatchObject({ code: 0, out: '0.0.1-test\n', err: '' })
    expect(await tensorlint('/', 'check --help')).toMatchObject({ code: 0, err: '' })
  })

  test('an exception is an internal error: exit 2, with its stack on standard error', async () => {
    const world = fakeWorld({
      analyse: () => {
        throw new Error('engine bug')
      },
    })
    const { code, out, err } = await tensorlint(workspace(), 'check ws --format json', world)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^tensorlint: internal error: Error: engine bug\n +at /)
  })

  test('a broken rule is an internal error too, but the others report', async () => {
    const world = fakeWorld({
      analyse: snapshot => fakeAnalysis(snapshot, { broken: [{ rule: 'some-rule', error: new Error('rule bug') }] }),
    })
    const { code, err, json } = await tensorlint(workspace(), 'check ws --format json', world)
    expect(code).toBe(2)
    expect(err).toMatch(/rule some-rule failed: Error: rule bug/)
    expect(json()).toMatchObject({ findings: [{ rule: 'broken-word' }] })
  })
})

describe('ls', () => {
  test('lists models with their shards', async () => {
    const { code, out } = await tensorlint(workspace(), 'ls ws')
    expect({ code, lines: out.split('\n') }).toEqual({
      code: 0,
      lines: ['ws/m  mlx, 3 tensors, 18 KB', '  ws/m/model.safetensors  3 tensors, 18 KB', '  ws/m/config.json', ''],
    })
  })

  test('lists a damaged shard, and says where there is nothing', async () => {
    const folder = tempFolder({ 'model.safetensors': 'junk', 'empty/readme.txt': '' })
    expect((await tensorlint(folder, 'ls .')).out).toMatch(/\.\/model\.safetensors {2}0 tensors, 0 B {2}1 problem/)
    expect((await tensorlint(folder, 'ls empty')).out).toMatch(/^No models found/)
    expect((await tensorlint(folder, 'ls empty --format json')).json()).toEqual({ version: 1, models: [] })
  })
})

describe('verify', () => {
  const module = (more: Partial<VerifiedModule>): VerifiedModule => ({
    module: 'proj',
    path: '',
    status: 'ok',
    error: null,
    shape: [128, 256],
    dtype: 'float16',
    sha256: 'ab',
    min: -1,
    max: 1,
    mean: 0,
    nan: 0,
    inf: 0,
    ms: 1.5,
    ...more,
  })
  const worldOf = (modules: readonly VerifiedModule[], more: object = {}) =>
    fakeWorld({
      verify: async items => ({
        ...skippedReport,
        engine: 'mlx',
        mlxVersion: '0.32.4',
        modules: items.length > 0 ? modules.map(each => ({ ...each, path: items[0]?.path ?? '' })) : [],
        ...more,
      }),
    })
  const failing = module({
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
    afterFix: module({}),
  })

  test('prints JSON of the documented shape; 0 where all pass', async () => {
    const { code, json } = await tensorlint(workspace(), 'verify ws --format json', worldOf([module({})]))
    expect(code).toBe(0)
    expect(json()).toEqual({
      version: 1,
      engine: 'mlx',
      mlxVersion: '0.32.4',
      modules: [module({ path: 'ws/m/model.safetensors' })],
    })
  })

  test('exits 1 where a module fails as delivered, though it passes after the fix', async () => {
    const { code, json } = await tensorlint(workspace(), 'verify ws --format json', worldOf([failing]))
    expect(code).toBe(1)
    expect(json()).toMatchObject({ modules: [{ status: 'error', afterFix: { status: 'ok', sha256: 'ab' } }] })
    const { out } = await tensorlint(
      workspace(),
      'verify ws',
      worldOf([failing, module({ module: 'ok_proj', nan: 2 })]),
    )
    expect(out).toContain('✗  proj ')
    expect(out).toContain('[dequantize] Shape of scales and biases does not match the matrix')
    expect(out).toMatch(/✓ {2}ok_proj +float16 128×256, 2 NaN/)
    expect(out).toContain(
      '1 module ok, 1 failing, 0 skipped by MLX 0.32.4. 1 of the failing pass after the proposed fix.',
    )
  })

  test('says what is missing, and exits 2 only where it was asked for by name', async () => {
    const notice = { reason: 'MLX cannot be imported', remedy: 'Install it:', command: 'pip install mlx' }
    const world = worldOf([module({})], { engine: 'builtin', mlxVersion: null, notice })
    const auto = await tensorlint(workspace(), 'verify ws', world)
    expect(auto.code).toBe(0)
    expect(auto.err).toBe('MLX cannot be imported\nInstall it:\n  pip install mlx\n')
    expect((await tensorlint(workspace(), 'verify ws --engine mlx', world)).code).toBe(2)
    expect((await tensorlint(workspace(), 'verify ws --engine mlx --format json', world)).json()).toMatchObject({
      notice,
    })
  })

  test('passes engine and interpreter on, and takes a shard alone', async () => {
    const seen: unknown[] = []
    const world = fakeWorld({
      verify: async (items, run) => {
        seen.push([items.map(({ path }) => path.split('/').pop()), run.engine, run.python, run.trusted])
        return skippedReport
      },
    })
    const folder = workspace()
    writeFiles(folder, { 'ws/m/other.safetensors': shard() })
    await tensorlint(folder, 'verify ws/m/other.safetensors --engine both --python /opt/python', world)
    await tensorlint(folder, 'verify ws', world)
    expect(seen).toEqual([
      [['other.safetensors'], 'both', '/opt/python', true],
      [['model.safetensors', 'other.safetensors'], 'auto', '', true],
    ])
  })
})

describe('fix', () => {
  const fixed = 'import mlx\nx = "WHOLE"  # SITE\n'

  test('prints a patch and writes nothing', async () => {
    const folder = workspace()
    const { code, out, err } = await tensorlint(folder, 'fix ws')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      '--- ws/loader.py',
      '+++ ws/loader.py',
      '@@ -1,2 +1,2 @@',
      ' import mlx',
      '-x = "BROKEN"  # SITE',
      '+x = "WHOLE"  # SITE',
      '',
    ])
    expect(err).toBe('1 fix in 1 file, not written (--write writes them); 0 findings left after it.\n')
    expect(readFileSync(join(folder, 'ws/loader.py'), 'utf8')).toContain('BROKEN')
  })

  test('writes with --write, keeps the mode of the file and leaves no draft', async () => {
    const folder = workspace()
    chmodSync(join(folder, 'ws/loader.py'), 0o640)
    const before = readFileSync(join(folder, 'ws/m/model.safetensors'))
    const { code, out } = await tensorlint(folder, 'fix ws --write')
    expect({ code, out }).toEqual({ code: 0, out: 'fixed ws/loader.py\n1 fix in 1 file; 0 findings left.\n' })
    expect(readFileSync(join(folder, 'ws/loader.py'), 'utf8')).toBe(fixed)
    expect(statSync(join(folder, 'ws/loader.py')).mode & 0o777).toBe(0o640)
    expect(readdirSync(join(folder, 'ws')).sort()).toEqual(['loader.py', 'm', 'sub'])
    expect(readFileSync(join(folder, 'ws/m/model.safetensors')).equals(before)).toBe(true)
    expect((await tensorlint(folder, 'fix ws --write')).out).toBe('Nothing to fix safely; 0 findings left.\n')
  })

  test('writes through a link without replacing it', async () => {
    const folder = workspace()
    const target = join(folder, 'real.py')
    writeFiles(folder, { 'real.py': 'import mlx # BROKEN' })
    unlinkSync(join(folder, 'ws/loader.py'))
    symlinkSync(target, join(folder, 'ws/loader.py'))
    await tensorlint(folder, 'fix ws --write')
    expect(lstatSync(join(folder, 'ws/loader.py')).isSymbolicLink()).toBe(true)
    expect(readFileSync(target, 'utf8')).toBe('import mlx # WHOLE')
  })

  test('goes on until no safe fix is left, and keeps line endings', async () => {
    const folder = tempFolder({ 'x.py': 'import mlx\r\n# BROKENBROKEN\r\n' })
    const { json } = await tensorlint(folder, 'fix . --write --format json')
    expect(readFileSync(join(folder, 'x.py'), 'utf8')).toBe('import mlx\r\n# WHOLEWHOLE\r\n')
    expect(json()).toMatchObject({
      version: 1,
      written: true,
      files: [{ path: './x.py' }],
      applied: [{ rule: 'broken-word', path: './x.py', title: 'Mend the word' }, { title: 'Mend the word' }],
      remaining: [],
    })
  })

  test('fixes only what the path asks for', async () => {
    const folder = workspace()
    writeFiles(folder, { 'ws/second.py': 'import mlx # BROKEN' })
    await tensorlint(folder, 'fix ws/second.py --write')
    expect(readFileSync(join(folder, 'ws/second.py'), 'utf8')).toBe('import mlx # WHOLE')
    expect(readFileSync(join(folder, 'ws/loader.py'), 'utf8')).toContain('BROKEN')
  })

  test('never writes to a shard, whatever a fix says', async () => {
    const folder = workspace()
    const path = join(folder, 'ws/m/model.safetensors')
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }
    const fix = { title: 't', kind: 'safe', edits: [{ path, range, newText: 'x' }] } as const
    const finding = {
      rule: 'r',
      severity: 'error',
      path,
      range,
      message: '',
      tensors: [],
      because: [],
      fixes: [fix],
    } as const
    const world = fakeWorld({ analyse: snapshot => fakeAnalysis(snapshot, { findings: [finding] }) })
    const before = readFileSync(path)
    expect((await tensorlint(folder, 'fix ws --write', world)).code).toBe(2)
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(existsSync(path)).toBe(true)
  })
})

describe('explain', () => {
  const folder = () => tempFolder({ 'ws/m/model.safetensors': shard(), 'ws/loader.py': 'import mlx\nx = "BROKEN"\n' })

  test('prints Markdown, exits 0 whatever it says, and names paths from the workspace', async () => {
    const { code, out, err } = await tensorlint(folder(), 'explain ws')
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(out).toMatch(/^# Analysis of `m`: 1 error\n/)
    expect(out).toContain('`loader.py:2`')
    expect(out).not.toContain('tensorlint-')
    expect(out.endsWith('\n')).toBe(true)
  })

  test('takes an error from a file or from standard input', async () => {
    const at = folder()
    const text =
      '[quantized_matmul] The shapes of the weight and scales are incompatible based on bits and group_size. w.shape() == (128,32) and scales.shape() == (128,4) with group_size=32 and bits=4'
    writeFiles(at, { 'log.txt': text })
    const fromFile = await tensorlint(at, 'explain ws --error log.txt --format json')
    const fromInput = await tensorlint(at, 'explain ws --error - --format json', fakeWorld(), {
      input: async () => text,
    })
    expect(fromFile.code).toBe(0)
    expect(fromFile.json()).toMatchObject({
      version: 1,
      places: expect.arrayContaining([
        expect.objectContaining({ path: 'ws/m/model.safetensors', tensor: 'proj.weight' }),
      ]) as unknown,
    })
    expect(fromInput.out).toBe(fromFile.out)
    expect((await tensorlint(at, 'explain ws --error none.txt')).code).toBe(2)
  })

  test('takes a rule, and says which there are where it has no finding', async () => {
    const at = folder()
    expect((await tensorlint(at, 'explain ws --finding broken-word')).out).toMatch(/^# broken-word at `loader\.py:2`\n/)
    const { code, err } = await tensorlint(at, 'explain ws --finding nonsense')
    expect(code).toBe(2)
    expect(err).toContain('found were: broken-word')
  })
})
