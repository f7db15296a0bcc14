/**
 * PostgreSQL goes away while the service runs: callers are told to come again, and the process goes on.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPostgres } from '../../../../test/harness/postgres.ts'
import { IDLE_WORKER, startTestService } from '../support/service.ts'

test('without its database the service is alive, not ready, and answers 503 with the time to come again', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'evercert-away-'))
  const postgres = await startPostgres()
  const settings = { kind: 'postgres', url: await postgres.createDatabase() } as const
  const service = await startTestService({
    database: { kind: 'postgres', settings, dataDir, databaseUrl: settings.url },
    worker: IDLE_WORKER,
  })
  expect((await service.fetch('/readyz')).status).toBe(200)
  await postgres.stop()
  expect((await service.fetch('/healthz')).status).toBe(200)
  expect((await service.fetch('/readyz')).status).toBe(503)
  const answer = await service.fetch('/api/v1/certificates', { headers: { authorization: `Bearer ${service.operatorToken}` } })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('5')
  expect(await answer.json()).toMatchObject({ code: 'storageUnavailable' })
  await service.stop()
  await rm(dataDir, { recursive: true, force: true })
})
