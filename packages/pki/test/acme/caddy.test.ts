/** Whole issuances against Caddy's ACME server: another implementation with other habits than Pebble. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canStartCaddy, startCaddy } from '../../../../test/harness/caddy.ts'
import type { Caddy } from '../../../../test/harness/caddy.ts'
import { findOpenOrder, findOrdersUrl, placeOrder, registerAccount, revokeCertificate } from '../../src/acme/index.ts'
import { keyMatches, parseCertificate, parseChain, verifyChain } from '../../src/index.ts'
import { issue, openSession } from './issue.ts'
import type { Session } from './issue.ts'

describe.runIf(canStartCaddy())('Caddy', () => {
  let caddy: Caddy
  let session: Session
  beforeAll(async () => {
    caddy = await startCaddy()
    session = await openSession(caddy, { contacts: ['ops@example.com'] })
  })
  afterAll(async () => {
    session?.close()
    await caddy?.stop()
  })

  test.each([
    ['http-01', ['www.example.com']],
    ['dns-01', ['example.org']],
    ['dns-01', ['example.net', '*.example.net']],
  ] as const)('issues by %s for %j', async (type, names) => {
    const { chainPem, key } = await issue(session, caddy, names, { type })
    const chain = parseChain(chainPem)
    expect(chain[0]?.names.toSorted()).toEqual([...names].toSorted())
    expect(chain[0] && keyMatches(chain[0], key)).toBe(true)
    expect(verifyChain(chain, { roots: [parseCertificate(await caddy.rootPem())] })).toEqual({ complete: true, problems: [] })
  })

  test('finds the account by its key', async () => {
    expect((await registerAccount(session.client, session.account.key)).url).toBe(session.account.url)
  })

  test('finds an open order in the list of the account', async () => {
    const placed = await placeOrder(session.client, session.account, { names: ['lost.example.com'] })
    expect(await findOrdersUrl(session.client, session.account)).not.toBeNull()
    const found = await findOpenOrder(session.client, session.account, ['lost.example.com'], () => true)
    expect(found?.url).toBe(placed.url)
  })

  test('revokes twice', async () => {
    const { chainPem } = await issue(session, caddy, ['revoked.example.com'])
    const der = parseCertificate(chainPem).der
    const revoke = () => revokeCertificate(session.client, session.account, { der, reason: 4 })
    await expect(revoke()).resolves.toBeUndefined()
    await expect(revoke()).resolves.toBeUndefined()
  })
})
