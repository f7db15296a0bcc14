import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../../test/harness/ports.ts'
import { createDoor } from '../../src/http/door.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService } from '../support/service.ts'

test('until the door is opened all but /healthz is told to come again', async () => {
  const door = createDoor(() => new Response('in'))
  const knock = async (path: string) => {
    const response = await door.fetch(new Request(`http://evercert.test${path}`))
    return [response.status, await response.text(), response.headers.get('retry-after')]
  }
  expect(await knock('/readyz')).toEqual([503, 'starting', '1'])
  expect(await knock('/api/v1/products')).toEqual([503, 'starting', '1'])
  expect(await knock('/healthz')).toEqual([200, 'in', null])
  door.open()
  expect(await knock('/readyz')).toEqual([200, 'in', null])
})

eachDatabase((_kind, open) => {
  test('who comes while the service starts is let in when the catalogue is there, and not before', async () => {
    const [database, port] = [await open(), await freePort()]
    const starting = startTestService({ database, worker: IDLE_WORKER, environment: { EVERCERT_PORT: String(port) } })
    onTestFinished(async () => (await starting).stop())
    const readiness = (): Promise<Response | null> => fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    const statuses: (number | undefined)[] = []
    while (statuses.at(-1) !== 200) statuses.push((await readiness())?.status)
    const token = readFileSync(join(database.dataDir, 'operator.token'), 'utf8').trim()
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/products`, { headers: { authorization: `Bearer ${token}` } })
    const products = (await answer.json()) as { items: unknown[] }
    expect(products.items.length).toBeGreaterThan(0)
    expect(new Set(statuses)).toEqual(new Set([undefined, 503, 200]))
  })
})
