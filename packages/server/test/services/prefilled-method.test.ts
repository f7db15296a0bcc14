/** How the names of an upload's renewal are validated, when nobody has said it. */
import { expect, test } from 'vitest'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { anAccount, aSite, anUpload, buy, PRIVATE_MULTI, PRIVATE_SINGLE, topUp, type TestAccount } from '../support/builders.ts'
import { eachDatabase, oneDatabase, type TestDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

/** The operator's account, which is alone in its installation. */
async function anInstallation(database: TestDatabase, environment: Readonly<Record<string, string>> = {}) {
  const service = await startTestService({ database, environment })
  const account: TestAccount = { service, accountId: '', token: service.operatorToken, client: service.client }
  await topUp(account, 1_000_000)
  return { service, account }
}

async function prefilled({ service, account }: { service: TestService; account: TestAccount }, names: readonly string[]) {
  const end = service.clock.now() + 20 * DAY_MS
  const leaf = createRoot().issue({ names, notBefore: end - 365 * DAY_MS, notAfter: end })
  const old = await anUpload(account, { leaf })
  const productId = names.length === 1 ? PRIVATE_SINGLE : PRIVATE_MULTI
  const { certificateId } = await buy(account, { renewsCertificateId: old.id, productId })
  return account.client.applications.get({ id: certificateId ?? '' })
}

const connect = (account: TestAccount, name: string, zone?: string) =>
  account.client.dnsConnections.create({
    name,
    kind: 'rfc2136',
    config: { server: '127.0.0.1', keyName: 'k', secret: 'c2VjcmV0', ...(zone !== undefined && { zone }) },
  })

eachDatabase((_kind, open) => {
  test('by file where the service has a listener for it; by hand where others share the installation', async () => {
    const house = await anInstallation(await open())
    try {
      const site = aSite(house.service)
      const { form } = await prefilled(house, [site])
      expect(form).toMatchObject({ domains: [site], validationMethod: 'file', dnsConnectionId: null })
      await anAccount(house.service)
      expect((await prefilled(house, [aSite(house.service)])).form.validationMethod).toBe('dnsManual')
    } finally {
      await house.service.stop()
    }
  })
})

// What the choice is made from is told apart by no database.
oneDatabase((_kind, open) => {
  test('by the one DNS connection whose zone holds every name; by hand where there is none, or a choice', async () => {
    const house = await anInstallation(await open(), { EVERCERT_HTTP01_PORT: '' })
    try {
      const method = async (...names: readonly string[]) => {
        const { validationMethod, dnsConnectionId } = (await prefilled(house, names)).form
        return [validationMethod, dnsConnectionId]
      }
      expect(await method('a.zone.example')).toEqual(['dnsManual', null])
      await connect(house.account, 'of no zone')
      const { id } = await connect(house.account, 'of a zone', 'Zone.example.')
      expect(await method('a.zone.example', 'zone.example')).toEqual(['dnsAutomatic', id])
      expect(await method('a.zone.example', 'a.otherzone.example')).toEqual(['dnsManual', null])
      await connect(house.account, 'of the same zone', 'zone.example')
      expect(await method('a.zone.example')).toEqual(['dnsManual', null])
    } finally {
      await house.service.stop()
    }
  })
})
