import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { launchWorker, resolveInterpreter, type Machine } from '../../../server/worker/interpreter'

const linux: Machine = {
  platform: 'linux',
  home: '/home/ada',
  isFolder: async path => ['/home/ada/venv', '/opt/my env', '/home/ada'].includes(path),
}
const windows: Machine = { platform: 'win32', home: 'C:\\Users\\Ada', isFolder: async path => path.endsWith('venv') }

describe('the interpreter', () => {
  it.each([
    ['', 'python3'],
    ['   ', 'python3'],
    ['python3.12', 'python3.12'],
    ['/usr/bin/python3', '/usr/bin/python3'],
    ['~/bin/python', '/home/ada/bin/python'],
    ['~/venv', '/home/ada/venv/bin/python'],
    ['/opt/my env', '/opt/my env/bin/python'],
    ['~', '/home/ada/bin/python'],
    ['~other/python', path.posix.resolve('~other/python')],
    ['.venv/bin/python', path.posix.resolve('.venv/bin/python')],
  ])('is, for the setting %j on Linux, %j', async (setting, expected) => {
    expect(await resolveInterpreter(setting, linux)).toBe(expected)
  })

  it.each([
    ['', 'python'],
    ['py', 'py'],
    ['C:\\Python312\\python.exe', 'C:\\Python312\\python.exe'],
    ['~\\venv', 'C:\\Users\\Ada\\venv\\Scripts\\python.exe'],
    ['C:/project/venv', 'C:\\project\\venv\\Scripts\\python.exe'],
  ])('is, for the setting %j on Windows, %j', async (setting, expected) => {
    expect(await resolveInterpreter(setting, windows)).toBe(expected)
  })

  it('is a command on PATH even where a folder has its name', async () => {
    expect(await resolveInterpreter('venv', { ...linux, isFolder: async () => true })).toBe('venv')
  })
})

describe('the launch', () => {
  it('runs in the folder of the worker, without what brings foreign code in', () => {
    const env = { PATH: '/bin', PYTHONPATH: '/workspace', PythonStartup: 'x.py', PYTHONINSPECT: '1', PYTHONHOME: '/py' }
    const launch = launchWorker('/usr/bin/python3', '/ext/dist/python/worker.py', env)
    expect(launch).toEqual({
      command: '/usr/bin/python3',
      args: ['-B', '-u', '/ext/dist/python/worker.py'],
      cwd: '/ext/dist/python',
      env: { PATH: '/bin', PYTHONHOME: '/py', PYTHONDONTWRITEBYTECODE: '1' },
    })
  })
})
