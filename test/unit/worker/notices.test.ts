import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import * as notices from '../../../server/worker/notices'

describe('the command that installs MLX', () => {
  it.each([
    ['linux', '/usr/bin/python3', '/usr/bin/python3 -m pip install "mlx[cpu]"'],
    ['darwin', '/usr/bin/python3', '/usr/bin/python3 -m pip install mlx'],
    ['darwin', '/Users/ada/my env/bin/python', '"/Users/ada/my env/bin/python" -m pip install mlx'],
    ['win32', 'C:\\Python312\\python.exe', 'C:\\Python312\\python.exe -m pip install mlx'],
    ['win32', "C:\\Ada's files\\python.exe", "& 'C:\\Ada''s files\\python.exe' -m pip install mlx"],
  ] as const)('on %s for %s', (platform, python, command) => {
    expect(notices.mlxMissing(python, "No module named 'mlx'", platform).command).toBe(command)
  })

  it('upgrades an old MLX and replaces a broken one', () => {
    expect(notices.mlxTooOld('python3', 'old', 'darwin').command).toBe('python3 -m pip install --upgrade mlx')
    expect(notices.mlxBroken('python3', 'x', 'linux').command).toBe(
      'python3 -m pip install --force-reinstall "mlx[cpu]"',
    )
  })

  it.skipIf(process.platform === 'win32').each(['a b', 'a"b', "a'b", '$HOME', '`id`', 'a\\b', 'a!b', ';id', "'$(id)'"])(
    'lets nothing of the path %j through to the shell',
    word => {
      const command = `printf %s ${notices.shellCommand(word, 'linux')}`
      expect(execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' })).toBe(word)
    },
  )
})

it('says how a process ended', () => {
  expect(notices.howItEnded(3, null)).toBe('exited with code 3')
  expect(notices.howItEnded(null, 'SIGSEGV')).toBe('was ended by SIGSEGV')
  expect(notices.howItEnded(null, 'SIGKILL')).toContain('was killed')
})
