import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract, type AuditEntryView } from '@evercert/contract'
import { openAuditExport } from '@evercert/contract/client'
import { readAuditLines, verifyAuditChain, type AuditLine, type PublicJwk } from '@evercert/pki'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { MAX_NOTED_APART } from '../../src/services/audit/log.ts'
import { sealAudit } from '../../src/services/audit/seal.ts'
import { loadReceiptKeys } from '../../src/services/receipts/key.ts'
import { aColleague, anAccount, anIssuedCertificate, PRIVATE_SINGLE, withKey, type TestAccount } from '../support/builders.ts'
import { openBrowser, tokenOf, type Browser } from '../support/browser.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

const PASSWORD = 'a violet tractor sings'
const ADA = { email: 'ada@example.com', password: PASSWORD, name: 'Ada', language: 'en' } as const
const NEVER_MS = 2_000_000_000

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let ada: Browser
  const canary = (): string => `canary${randomBytes(12).toString('hex')}`
  const canaries: string[] = []
  const secret = (): string => {
    const text = canary()
    canaries.push(text)
    return text
  }
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: { sealMs: NEVER_MS } })
    account = await anAccount(service)
    const token = tokenOf(await createFirstOperatorLink(service.services, service.url))
    canaries.push(token)
    await openBrowser(service).send('POST', '/api/v1/first-operator', { body: { token, ...ADA } })
    ada = openBrowser(service)
    await ada.signIn(ADA)
  })
  afterAll(() => service.stop())

  type Wish = Parameters<TestService['client']['audit']['list']>[0]
  const list = async (wish: Wish = {}, client = service.client): Promise<AuditEntryView[]> =>
    (await client.audit.list({ installation: true, limit: 200, ...wish })).items
  /** Every line in full, as the operator exports it. */
  async function exported(token = service.operatorToken, installation = true): Promise<AuditLine[]> {
    await sealAudit(service.services, { forMs: 60_000 })
    const lines: AuditLine[] = []
    for await (const line of readAuditLines(await openAuditExport({ url: service.url, token }, { installation })))
      lines.push(line)
    return lines
  }

  describe('an entry tells who did what, from where', () => {
    test('by a token', async () => {
      const { id } = await account.client.tokens.create({ name: 'robot', scopes: ['certificates:read'] })
      const [entry] = await list({ action: 'tokens.create', subjectId: id })
      expect(entry).toMatchObject({
        source: 'entry',
        accountId: account.accountId,
        actor: 'test',
        actorKind: 'token',
        subject: 'tokens',
        outcome: 'done',
        address: '127.0.0.1',
        details: { name: 'robot', scopes: ['certificates:read'] },
      })
      expect(entry?.requestId).toMatch(/^[0-9a-f-]{36}$/)
    })

    test('by a user, who signed in', async () => {
      await ada.send('POST', '/api/v1/tokens', { body: { name: 'of Ada', scopes: ['certificates:read'] } })
      expect(await list({ actor: ADA.email, action: 'tokens.create' })).toMatchObject([{ actorKind: 'user', outcome: 'done' }])
      expect(await list({ actor: ADA.email, action: 'auth' })).toMatchObject([{ action: 'auth.sign-in/email', outcome: 'done' }])
    })
  })

  test('everything that is changed and every access to keys is there, and no secret of it', async () => {
    const { client } = account
    const before = (await list()).length
    const done: string[] = []
    const did = async <Value>(action: string, work: Promise<Value>): Promise<Value> => {
      done.push(action)
      return work
    }
    const config = () => ({ directoryUrl: 'https://127.0.0.1:1/dir', eab: { keyId: 'kid', hmacKey: secret() } })
    await did('issuers.create', client.issuers.create({ id: 'acme-audit', title: 'A', kind: 'acme', config: config() }))
    await did('issuers.update', client.issuers.update({ id: 'acme-audit', title: 'B', config: config() }))
    const { items: products } = await client.products.list()
    await did('products.retire', client.products.retire({ id: products[0]?.id ?? '' }))
    await did('products.restore', client.products.restore({ id: products[0]?.id ?? '' }))
    const rfc2136 = {
      server: '127.0.0.1',
      port: 1,
      zone: 'example.com',
      keyName: 'k',
      algorithm: 'hmac-sha256',
      secret: secret(),
    }
    await did('dnsConnections.create', client.dnsConnections.create({ name: 'tsig', kind: 'rfc2136', config: rfc2136 }))
    const url = `https://qyapi.example/cgi-bin/webhook/send?key=${secret()}`
    const channel = await did(
      'channels.create',
      client.channels.create({ name: 'robot', kind: 'wecom', config: { webhookUrl: url } }),
    )
    await did('channels.remove', client.channels.remove({ id: channel.id }))
    const { token, id: tokenId } = await did('tokens.create', client.tokens.create({ name: 'x', scopes: ['certificates:read'] }))
    canaries.push(token)
    await did('tokens.remove', client.tokens.remove({ id: tokenId }))
    const invitation = await did('invitations.create', client.invitations.create({ email: 'bob@example.com', role: 'viewer' }))
    canaries.push(tokenOf(invitation.link))
    const password = `a brown ${secret()}`
    const bob = await did(
      'invitations.accept',
      client.invitations.accept({ token: tokenOf(invitation.link), password, name: 'Bob' }),
    )
    const owner = await client.invitations.create({ email: 'owner@example.com', role: 'owner' })
    await client.invitations.accept({ token: tokenOf(owner.link), password, name: 'Owner' })
    await did('members.changeRole', client.members.changeRole({ id: bob.id, role: 'auditor' }))
    await did('members.remove', client.members.remove({ id: bob.id }))
    await did('balance.topUp', client.balance.topUp({ amountMinor: 1, currency: 'CNY' }, withKey()))
    await did('certificates.export', client.certificates.export({ format: 'json' }))
    const certificate = await anIssuedCertificate(account)
    const target = { certificatePath: '/nowhere/a.pem', keyPath: '/nowhere/a.key', reloadCommand: ['false', secret()] }
    await did(
      'targets.create',
      client.targets.create({ certificateId: certificate.id, name: 't', kind: 'localFiles', config: target }),
    )
    await did('downloads.withKey', client.downloads.withKey({ id: certificate.id, format: 'nginx' }))
    const contact = await client.contacts.create({ name: 'Ada', email: 'ada@example.com', phone: secret() })
    await did('contacts.get', client.contacts.get({ id: contact.id }))
    const entries = await list()
    expect(entries.length).toBeGreaterThanOrEqual(Math.min(200, before + done.length))
    const missing = done.filter((action) => !entries.some((entry) => entry.action === action && entry.outcome === 'done'))
    expect(missing).toEqual([])
    expect(entries.find(({ action }) => action === 'dnsConnections.create')?.details).toEqual({
      name: 'tsig',
      kind: 'rfc2136',
      settings: ['algorithm', 'keyName', 'port', 'secret', 'server', 'zone'],
    })
    // What is a change of state is there by its history.
    for (const action of ['order.paid', 'application.issued', 'key.downloaded']) expect(await list({ action })).not.toEqual([])
  })

  test('sessions, passwords and second factors', async () => {
    const browser = openBrowser(service)
    await browser.signIn(ADA)
    await browser.signInPath('two-factor/enable', { password: secret() })
    const enabled = await browser.signInPath('two-factor/enable', { password: PASSWORD })
    canaries.push(
      ...(enabled.body['backupCodes'] as string[]),
      new URL(String(enabled.body['totpUri'])).searchParams.get('secret') ?? '',
    )
    await browser.send('DELETE', '/api/v1/sessions')
    await browser.signInPath('sign-out')
    const seen = (await list({ actor: ADA.email })).map(({ action, outcome }) => `${action} ${outcome}`)
    expect(seen).toEqual(
      expect.arrayContaining([
        'auth.two-factor/enable refused',
        'auth.two-factor/enable done',
        'sessions.removeOthers done',
        'auth.sign-out done',
      ]),
    )
    ada = openBrowser(service)
    await ada.signIn(ADA)
  })

  test('refusals: without a token, without the permission, with a wrong password, and to whom they happen', async () => {
    await service.fetch('/api/v1/certificates')
    await service.fetch('/api/v1/targets/tgt_1/deploy', { method: 'POST', headers: { authorization: 'Bearer evc_guess' } })
    const colleague = await aColleague(account, ['audit:read'])
    await colleague.tokens.create({ name: 'no', scopes: ['certificates:read'] }).catch(() => null)
    await openBrowser(service).signIn({ ...ADA, password: secret() })
    await openBrowser(service).signIn({ email: `${secret()}@example.com`, password: PASSWORD })
    const refused = await list({ outcome: 'refused' })
    const expectOne = (entry: object) => expect(refused).toContainEqual(expect.objectContaining(entry))
    expectOne({ action: 'certificates.list', actorKind: 'nobody', details: { code: 'unauthenticated' } })
    expectOne({ action: 'targets.deploy', actorKind: 'nobody', details: { code: 'unauthenticated' } })
    expectOne({ action: 'tokens.create', actorKind: 'token', accountId: account.accountId })
    expectOne({ action: 'auth.sign-in/email', actor: ADA.email, details: { code: 'signInRefused' } })
    expectOne({ action: 'auth.sign-in/email', actor: 'nobody', details: { code: 'signInRefused' } })
    // What is wrong with a request is no refusal.
    await account.client.tokens.create({ name: '', scopes: ['certificates:read'] }).catch(() => null)
    expect((await list({ outcome: 'failed', action: 'tokens' })).length).toBe(0)
  })

  test('a flood of refusals is a few lines, with their number', async () => {
    const { audit } = service.services
    await audit.flush(true)
    const before = (await list({ outcome: 'refused' })).length
    await Promise.all(
      Array.from({ length: 300 }, () => service.fetch('/api/v1/orders', { headers: { authorization: 'Bearer evc_x' } })),
    )
    expect((await list({ outcome: 'refused' })).length).toBe(before + 1)
    const invented = Array.from({ length: 1000 }, (_, index) => index)
    for (const index of invented)
      await audit.note(
        {
          accountId: null,
          actor: `nobody ${index}`,
          actorKind: 'nobody',
          actorId: null,
          action: 'request',
          subject: null,
          subjectId: null,
          address: `2001:db8::${index.toString(16)}`,
          requestId: null,
          details: {},
        },
        'refused',
      )
    service.clock.advance(61_000)
    await audit.flush(false)
    const { rows } = await countRefused()
    expect(rows - before).toBeLessThanOrEqual(MAX_NOTED_APART + 4)
    const [orders] = (await list({ outcome: 'refused', action: 'orders.list' })).filter(({ details }) => 'count' in details)
    expect(orders?.details).toMatchObject({ code: 'unauthenticated', count: 299 })
    const several = (await list({ outcome: 'refused', action: 'several', limit: 10 })).find(({ details }) => 'count' in details)
    expect(Number(several?.details['count'])).toBeGreaterThan(700)
  })

  async function countRefused(): Promise<{ rows: number }> {
    const { count } = await service.services.db
      .selectFrom('audit_entry')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('outcome', '=', 'refused')
      .executeTakeFirstOrThrow()
    return { rows: Number(count) }
  }

  test('accounts see their own, and prove it with the digests of the others', async () => {
    const other = await anAccount(service)
    const reader = await other.client.tokens.create({ name: 'reader', scopes: ['audit:read'] })
    const client = service.clientOf(reader.token)
    const own = await list({ installation: false }, client)
    expect(own.length).toBeGreaterThan(0)
    expect(new Set(own.map(({ accountId }) => accountId))).toEqual(new Set([other.accountId]))
    for (const call of [() => client.audit.list({ installation: true }), () => client.audit.verify({})])
      await expect(call()).rejects.toMatchObject({ problem: { code: 'forbidden', facts: { scope: 'installation:operate' } } })
    await expect(openAuditExport({ url: service.url, token: reader.token }, { installation: true })).rejects.toMatchObject({
      problem: { code: 'forbidden' },
    })
    const lines = await exported(reader.token, false)
    const { keys } = await loadReceiptKeys(service.services)
    const trust = { keys: keys as PublicJwk[], kept: null }
    expect(JSON.stringify(lines)).not.toContain(account.accountId)
    const report = await verifyAuditChain(lines, trust)
    expect(report).toMatchObject({ fault: null, from: null })
    expect(report.hidden).toBeGreaterThan(report.records)
    expect(await verifyAuditChain(await exported(), trust)).toMatchObject({ fault: null, hidden: 0 })
    expect(await service.client.audit.verify({})).toMatchObject({ fault: null })
    const without = lines.filter((line, index) => index !== lines.findIndex(({ kind }) => kind === 'hidden') + 1)
    expect((await verifyAuditChain(without, trust)).fault).not.toBeNull()
  })

  test('the list is filtered, and its pages have each entry once', async () => {
    const { accountId } = account
    const whole = await list({ installation: false }, account.client)
    const paged: AuditEntryView[] = []
    let cursor: string | null = null
    do {
      const page: { items: AuditEntryView[]; nextCursor: string | null } = await account.client.audit.list({
        limit: 7,
        ...(cursor !== null && { cursor }),
      })
      paged.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(new Set(paged.map(({ source, id }) => `${source} ${id}`)).size).toBe(paged.length)
    // Listing is no entry, and nobody else writes to this account meanwhile.
    expect(paged.slice(0, whole.length)).toEqual(whole)
    expect(paged.map(({ at }) => at)).toEqual(
      paged
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    )
    const middle = paged[Math.floor(paged.length / 2)]
    const from = new Date(middle?.at ?? '').toISOString()
    const since = await list({ installation: false, from }, account.client)
    expect(since.every(({ at }) => at >= from.replace('Z', '000Z'))).toBe(true)
    expect(since.length).toBeLessThan(paged.length)
    for (const [wish, matches] of [
      [{ actor: 'test' }, (entry: AuditEntryView) => entry.actor === 'test'],
      [{ action: 'tokens' }, (entry: AuditEntryView) => entry.action.startsWith('tokens.')],
      [{ action: 'order.paid' }, (entry: AuditEntryView) => entry.action === 'order.paid'],
      [{ outcome: 'refused' }, (entry: AuditEntryView) => entry.outcome === 'refused'],
      [{ subject: 'order' }, (entry: AuditEntryView) => entry.subject === 'order'],
    ] as const) {
      const found = await list({ installation: false, ...wish }, account.client)
      expect(found.length > 0 ? wish : 'nothing').toEqual(wish)
      expect(found).toEqual(paged.filter(matches).slice(0, 200))
    }
    expect(accountId).toBe(paged[0]?.accountId)
    for (const bad of ['x', `${paged[0]?.at ?? ''}_other_1`, `2026-99-99T00:00:00.000000Z_entry_1`])
      await expect(account.client.audit.list({ cursor: bad })).rejects.toMatchObject({ problem: { code: 'invalid' } })
  })

  test('placing, paying and applying leave their history alone', async () => {
    const order = await account.client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    await account.client.orders.pay({ id: order.id }, withKey())
    expect(await list({ action: 'orders.place' })).toEqual([])
    expect(await list({ action: 'orders.pay' })).toEqual([])
    await anIssuedCertificate(account)
    expect(await list({ action: 'applications.submit' })).toEqual([])
    expect(await list({ action: 'application.issued' })).not.toEqual([])
    expect((await list({ subjectId: order.id })).map(({ action }) => action)).toEqual(['order.paid', 'order.placed'])
  })

  test('nothing secret is in any line', async () => {
    expect(canaries.length).toBeGreaterThan(20)
    const text = JSON.stringify(await exported())
    expect(text).toContain('tsig')
    expect(canaries.filter((secret) => secret !== '' && text.includes(secret))).toEqual([])
  })

  test('every operation that changes something says what the log has of it', () => {
    const quiet = Object.entries(contract).flatMap(([group, members]) =>
      Object.entries(members).flatMap(([name, procedure]) => {
        const audit = procedure['~orpc'].meta.operation?.audit
        return audit === 'none' || audit === 'history' ? [`${group}.${name}`] : []
      }),
    )
    // Who adds one here says why it needs no entry.
    expect(quiet.toSorted()).toEqual([
      'agents.log', // lines of a deployment, as the report has them
      'agents.observe', // takes the place of what was told before
      'agents.poll', // asks; what is taken is in the history of the certificate
      'agents.report', // in the history of the certificate, and kept as it was signed
      'applications.check',
      'applications.submit',
      'audit.verify',
      'certificates.probe', // asks
      'certificates.verify',
      'deviceLogins.begin', // gives nothing: what a person decides is logged
      'deviceLogins.inspect',
      'deviceLogins.poll', // asks
      'invitations.inspect',
      'orders.pay',
      'orders.place',
      'payments.check',
      'quotes.create',
    ])
  })
})
