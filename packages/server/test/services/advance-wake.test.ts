import type { KyselyPlugin } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { Services } from '../../src/services/context.ts'
import { wake } from '../../src/services/wake.ts'
import { anAccount, buyCertificate } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** Lets something happen right after the first query of `services` has its answer. */
function interruptedBy(services: Services, happen: () => Promise<void>): Services {
  let happened = false
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (!happened) {
        happened = true
        await happen()
      }
      return result
    },
  }
  return { ...services, db: services.db.withPlugin(plugin) }
}

eachDatabase((_kind, open) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  })
  afterAll(() => service.stop())

  const wakeUp = (id: string): Promise<void> =>
    service.services.db.transaction().execute((trx) => wake(service.services, trx, id))
  const advance = (services: Services, id: string): Promise<void> =>
    advanceCertificate(services, id, new AbortController().signal)
  async function dueAt(id: string): Promise<Date | null> {
    const { db } = service.services
    const row = await db.selectFrom('certificate').select('advance_at').where('id', '=', id).executeTakeFirstOrThrow()
    return row.advance_at
  }

  test('a certificate that has nothing to do goes to rest', async () => {
    const { id } = await buyCertificate(await anAccount(service))
    await wakeUp(id)
    expect(await dueAt(id)).not.toBeNull()
    await advance(service.services, id)
    expect(await dueAt(id)).toBeNull()
  })

  test('a certificate that is woken while it goes to rest stays due: should its new job die, the scan finds it', async () => {
    const { id } = await buyCertificate(await anAccount(service))
    await wakeUp(id)
    service.clock.advance(1000)
    await advance(
      interruptedBy(service.services, () => wakeUp(id)),
      id,
    )
    expect(await dueAt(id)).not.toBeNull()
  })
})
