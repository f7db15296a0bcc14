/** `evercert audit` against a real service, and without one: what is exported is checked with the keys alone. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECEIPT_KEYS_PATH, type AuditCheckpointView, type AuditEntryView } from '@evercert/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startServiceProcess, type ServiceProcess } from './support/service-process.ts'
import { waitFor } from './support/wait-for.ts'
import { runEvercertHere, type CommandOutcome } from './support/evercert.ts'

let folder: string
let service: ServiceProcess
const place = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-audit-'))
  service = await startServiceProcess({ environment: { EVERCERT_DATA_DIR: place('data'), EVERCERT_LOG_LEVEL: 'silent' } })
  for (const name of ['one', 'two', 'three']) await service.client.tokens.create({ name, scopes: ['certificates:read'] })
  await waitForSeal('three')
})
afterAll(async () => {
  await service.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

function evercert(language: 'en' | 'zh', ...args: string[]): Promise<CommandOutcome> {
  return runEvercertHere({}, ...args, '--url', service.url, '--token-file', place('data/operator.token'), '--lang', language)
}

/** The service does it by itself, every two seconds. */
const waitForSeal = (name: string): Promise<true> =>
  waitFor(`the line of ${name} to be signed`, async () => {
    const { unsealed, records } = await service.client.audit.verify({})
    return unsealed === 0 && records > 0 ? true : null
  })

it('lists who did what, and filters', async () => {
  const { code, stdout } = await evercert('en', 'audit', 'list', '--action', 'tokens.create', '--json')
  expect(code).toBe(0)
  const { items } = JSON.parse(stdout) as { items: AuditEntryView[] }
  expect(items.map(({ details }) => details['name'])).toEqual(['three', 'two', 'one'])
  expect((await evercert('zh', 'audit', '--action', 'tokens')).stdout).toMatch(
    /时间.*操作者.*\n.*operator.*127\.0\.0\.1.*tokens\.create/,
  )
  expect((await evercert('en', 'audit', 'list', '--from', 'yesterday')).code).toBe(64)
})

it('checks what the service has', async () => {
  expect(await evercert('en', 'audit', 'verify')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing was altered') as string,
  })
})

it('checks an exported file without the service, names the line, and exits with 1', async () => {
  const [log, keys, kept] = [place('log.ndjson'), place('keys.json'), place('kept.json')]
  expect((await evercert('en', 'audit', 'export', '--installation', '--out', log)).code).toBe(0)
  expect((await evercert('en', 'audit', 'checkpoint', '--out', kept)).code).toBe(0)
  expect((await evercert('en', 'audit', 'checkpoint', '--out', kept)).code).toBe(1) // it is there already
  await writeFile(keys, await (await fetch(new URL(RECEIPT_KEYS_PATH, service.url))).text())
  const verify = (file: string, ...more: string[]) => evercert('en', 'audit', 'verify', '--file', file, '--keys', keys, ...more)
  expect(await verify(log, '--checkpoint', kept)).toMatchObject({ code: 0, stderr: '' })

  const text = await readFile(log, 'utf8')
  const lines = text.split('\n').slice(0, -1)
  const changed = async (name: string, content: string) => {
    await writeFile(place(name), content)
    return place(name)
  }
  const at = lines.findIndex((line) => line.includes('"two') || line.includes(String.raw`\"two`))
  const position = (JSON.parse(lines[at] ?? '{}') as { record: { position: number } }).record.position
  const altered = await verify(await changed('altered', text.replace(String.raw`\"two`, String.raw`\"twu`)))
  expect(altered).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`Altered: line ${position} (noticed at line ${at + 1}`) as string,
  })
  const removed = await verify(await changed('removed', `${lines.toSpliced(at, 1).join('\n')}\n`), '--json')
  expect(JSON.parse(removed.stdout)).toMatchObject({ valid: false, fault: { kind: 'removed', position, through: position } })
  expect(removed.code).toBe(1)
  for (const spoilt of [text.slice(0, -1), `${text}\n`, `\uFEFF${text}`, text.replaceAll('\n', '\r\n')])
    expect((await verify(await changed('spoilt', spoilt))).code).toBe(1)

  // Cut off after a checkpoint, it is only known by the kept one.
  const { position: last } = JSON.parse(await readFile(kept, 'utf8')) as AuditCheckpointView
  const end = lines.slice(0, -1).findLastIndex((line) => line.startsWith('{"checkpoint"'))
  const short = await changed('short', end < 0 ? '' : `${lines.slice(0, end + 1).join('\n')}\n`)
  expect((await verify(short)).code).toBe(0)
  const cut = await evercert('zh', 'audit', 'verify', '--file', short, '--keys', keys, '--checkpoint', kept)
  expect(cut).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`末尾被截断.*${last}`)) as string })

  await writeFile(kept, '{"jws":"a.b.c"}')
  expect((await verify(log, '--checkpoint', kept)).code).toBe(1)
  await writeFile(kept, '{}')
  expect((await verify(log, '--checkpoint', kept)).code).toBe(64)
  expect((await verify(place('nowhere'))).code).toBe(64)
})
