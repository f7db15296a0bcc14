import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CliFailure } from '../src/failure.ts'
import { defaultDataDir, loadProfile } from '../src/profile.ts'

let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'evercert-profile-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const envWith = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ EVERCERT_DATA_DIR: dataDir, ...more })

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof CliFailure ? error.problem.code : `not refused: ${String(error)}`
}

describe('defaultDataDir', () => {
  it.each([
    [{ EVERCERT_DATA_DIR: '/srv/evercert' }, '/srv/evercert'],
    [{ XDG_DATA_HOME: '/data' }, '/data/evercert'],
    [{}, '/home/me/.local/share/evercert'],
    [{ EVERCERT_DATA_DIR: '', XDG_DATA_HOME: '' }, '/home/me/.local/share/evercert'],
  ])('with %j is %s', (env, folder) => {
    expect(defaultDataDir(env, '/home/me')).toBe(folder)
  })
})

describe('the token', () => {
  beforeEach(() => writeFile(join(dataDir, 'operator.token'), 'from-data-dir\n'))

  it('comes from the data folder by default', async () => {
    expect(await loadProfile({}, envWith())).toEqual({ url: 'http://127.0.0.1:8470', token: 'from-data-dir' })
  })

  it('comes from EVERCERT_TOKEN, before a file that the environment names', async () => {
    const env = envWith({ EVERCERT_TOKEN: 'direct', EVERCERT_TOKEN_FILE: join(dataDir, 'absent') })
    expect((await loadProfile({}, env)).token).toBe('direct')
  })

  it('comes from --token-file before everything else', async () => {
    const tokenFile = join(dataDir, 'other')
    await writeFile(tokenFile, 'from-option')
    expect((await loadProfile({ tokenFile }, envWith({ EVERCERT_TOKEN: 'direct' }))).token).toBe('from-option')
  })

  it('is refused when it is absent, empty, or would break the header', async () => {
    expect(await codeOf(loadProfile({ tokenFile: join(dataDir, 'absent') }, envWith()))).toBe('unauthenticated')
    expect(await codeOf(loadProfile({}, envWith({ EVERCERT_TOKEN: 'a\nb' })))).toBe('unauthenticated')
    await writeFile(join(dataDir, 'operator.token'), '\n')
    expect(await codeOf(loadProfile({}, envWith()))).toBe('unauthenticated')
  })

  it('is not in the message when it is refused', async () => {
    await expect(loadProfile({}, envWith({ EVERCERT_TOKEN: 'secret value' }))).rejects.not.toThrow(/secret value/)
  })
})

describe('the address', () => {
  const env = () => envWith({ EVERCERT_TOKEN: 't' })

  it('is that of the service that wrote service.json', async () => {
    await writeFile(join(dataDir, 'service.json'), '{"url":"http://127.0.0.1:9001","pid":1}')
    expect((await loadProfile({}, env())).url).toBe('http://127.0.0.1:9001')
    expect((await loadProfile({}, { ...env(), EVERCERT_URL: 'http://127.0.0.1:9002' })).url).toBe('http://127.0.0.1:9002')
    expect((await loadProfile({ url: 'http://127.0.0.1:9003' }, env())).url).toBe('http://127.0.0.1:9003')
  })

  it('is the default when service.json is damaged', async () => {
    await writeFile(join(dataDir, 'service.json'), '{"url":')
    expect((await loadProfile({}, env())).url).toBe('http://127.0.0.1:8470')
  })

  it.each(['127.0.0.1:8470', 'ftp://host', 'nonsense'])('%s is refused', async (url) => {
    expect(await codeOf(loadProfile({ url }, env()))).toBe('invalid')
  })
})
