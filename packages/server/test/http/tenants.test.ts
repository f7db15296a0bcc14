import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract, parseProblem, SCOPES, type ProblemDocument, type Scope } from '@evercert/contract'
import { aCompany, aForm, anAccount, aSite, buyCertificate, PRIVATE_SINGLE, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { anEstate, type Estate, type EstateIds } from '../support/estate.ts'
import { aPng } from '../support/images.ts'
import { oneDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  /** Null: none is needed. */
  readonly scope: Scope | null
  readonly isOpen: boolean
}

/** From the contract itself, so that new operations are covered without being named here. */
const OPERATIONS: readonly Operation[] = Object.entries(contract).flatMap(([group, members]) =>
  Object.entries(members).map(([member, procedure]) => {
    const { route, meta } = procedure['~orpc']
    return {
      name: `${group}.${member}`,
      method: route.method ?? 'POST',
      path: route.path ?? '',
      scope: meta.operation?.scope ?? null,
      isOpen: meta.operation?.isOpen === true,
    } as const
  }),
)

oneDatabase((_kind, open) => {
  let service: TestService
  let owner: TestAccount
  let stranger: TestAccount
  /** Of the owner, one of each kind. */
  let ids: EstateIds
  let estate: Estate
  beforeAll(async () => {
    const database = await open()
    service = await startTestService({ database, clock: createClock(Date.now()) })
    ;[owner, stranger] = [await anAccount(service), await anAccount(service)]
    estate = await anEstate(owner, database.dataDir)
    ids = estate.ids
  })
  afterAll(async () => {
    await service.stop()
    await estate?.close()
  })

  async function call(token: string | null, operation: Operation, path = operation.path, body: object = {}) {
    const response = await service.fetch(`/api/v1${path}`, {
      method: operation.method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(operation.method === 'POST' && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
      },
      ...(operation.method === 'POST' && { body: JSON.stringify(body) }),
    })
    const problem = parseProblem(await response.json().catch(() => null))
    return { status: response.status, type: response.headers.get('content-type'), problem }
  }

  const refused = (status: number, code: ProblemDocument['code']) => ({
    status,
    type: 'application/problem+json',
    problem: expect.objectContaining({ status, code }) as ProblemDocument,
  })

  const CLOSED = OPERATIONS.filter(({ isOpen }) => !isOpen)
  const SCOPED = OPERATIONS.flatMap((operation) => (operation.scope === null ? [] : [{ ...operation, scope: operation.scope }]))

  describe('without a token', () => {
    test.each(CLOSED)('$name ($method $path)', async (operation) => {
      const path = operation.path.replace('{id}', 'anything')
      expect(await call(null, operation, path)).toEqual(refused(401, 'unauthenticated'))
      expect(await call('evc_guess', operation, path)).toEqual(refused(401, 'unauthenticated'))
    })
  })

  describe('with a token that lacks the permission', () => {
    const tokens = new Map<string, string>()
    beforeAll(async () => {
      for (const scope of new Set(SCOPED.map((operation) => operation.scope))) {
        const others = SCOPES.filter((each) => each !== scope)
        tokens.set(scope, (await anAccount(service, { scopes: others })).token)
      }
    })

    test.each(SCOPED)('$name ($method $path)', async (operation) => {
      const path = operation.path.replace('{id}', ids['certificate'] ?? '')
      const answer = await call(tokens.get(operation.scope) ?? '', operation, path)
      expect(answer).toEqual(refused(403, 'forbidden'))
      expect(answer.problem?.facts).toEqual({ scope: operation.scope })
    })
  })

  /** What each operation takes beside the id in its path; an operation that is missing here gets an empty body. */
  const bodies = (): Readonly<Record<string, object>> => ({
    'members.changeRole': { role: 'owner' },
    'management.start': { spendingLimit: { amountMinor: 1, currency: 'CNY' } },
    'contacts.update': { name: 'Eve', email: 'eve@example.com', phone: '66666' },
    'companies.update': { ...aCompany(), name: 'Eve Ltd.' },
    'companies.putDocument': { contentBase64: aPng().toString('base64') },
    'csrs.attachKey': { privateKeyPem: 'not read: there is no such CSR' },
    'reviews.approve': { evidence: 'none', checks: [] },
    'reviews.refuse': { reason: 'none' },
    'approvals.refuse': { reason: 'none' },
    'approvals.explain': { why: 'none' },
    'applications.submit': aForm(['stranger.example.com']),
    'certificates.rename': { name: 'mine' },
    'certificates.tag': { add: ['mine'] },
    'downloads.certificate': { format: 'nginx' },
    'downloads.withKey': { format: 'nginx' },
    'quotes.create': { renewsCertificateId: ids['upload'], productId: PRIVATE_SINGLE },
    'orders.place': { renewsCertificateId: ids['upload'], productId: PRIVATE_SINGLE },
    'targets.create': {
      certificateId: ids['certificate'],
      name: 'mine',
      kind: 'localFiles',
      config: { certificatePath: '/tmp/x/a.pem', keyPath: '/tmp/x/a.key', reloadCommand: ['true'] },
    },
    'payments.recordReceipt': { amountMinor: 1, currency: 'CNY', reference: 'bank-1' },
    'endpoints.create': { certificateId: ids['certificate'], host: 'b.example.com' },
  })

  /** A session of one's own is ended by a session (access.test.ts); users are the installation's, for its operator. */
  const OF_NO_ACCOUNT = ['sessions.remove', 'passkeys.rename', 'passkeys.remove', 'ownTokens.remove', 'users.recover']
  const TAKING_AN_ID = OPERATIONS.filter(
    ({ name, path }) =>
      (path.includes('{id}') && !OF_NO_ACCOUNT.includes(name)) ||
      ['quotes.create', 'orders.place', 'targets.create', 'endpoints.create'].includes(name),
  )

  describe('with the identifiers of another account', () => {
    let before: Awaited<ReturnType<typeof snapshot>>
    beforeAll(async () => {
      before = await snapshot(owner)
    })

    test.each(TAKING_AN_ID)('$name ($method $path)', async (operation) => {
      const tried = operation.path.includes('{id}') ? Object.values(ids) : ['']
      const body = bodies()[operation.name]
      const ask = (id: string) => call(stranger.token, operation, operation.path.replace('{id}', id), body)
      // The stranger learns no more than of an identifier that was never given.
      const invented = `crt_${'0'.repeat(26)}`
      const unknown = (await ask(invented)).problem?.detail.replaceAll(invented, '')
      // Some at once: each waits for the disk, and they wait together. More would be too many events for one caller.
      for (let at = 0; at < tried.length; at += 8) {
        const some = tried.slice(at, at + 8)
        const answers = await Promise.all(some.map(ask))
        for (const [index, id] of some.entries()) {
          expect(answers[index]).toEqual(refused(404, 'notFound'))
          if (id !== '') expect(answers[index]?.problem?.detail.replaceAll(id, '')).toBe(unknown)
        }
      }
      expect(await snapshot(owner)).toEqual(before)
    })

    test('an application cannot use the DNS connection of another account', async () => {
      const { id } = await buyCertificate(stranger)
      const form = aForm([aSite(service)], { validationMethod: 'dnsAutomatic', dnsConnectionId: ids['dns'] ?? '' })
      const [submit] = OPERATIONS.filter(({ name }) => name === 'applications.submit')
      if (submit === undefined) throw new Error('applications.submit is gone')
      expect(await call(stranger.token, submit, `/certificates/${id}/application`, form)).toEqual(refused(400, 'invalid'))
    })
  })

  /** Everything that the owner sees, without what the clock changes by itself. */
  async function snapshot(account: TestAccount) {
    const { client } = account
    const [certificates, orders, balance, targets, endpoints, dns, renewal, channels, notices, ...applicants] = await Promise.all(
      [
        client.certificates.list({}),
        client.orders.list({}),
        client.balance.get(),
        client.targets.list(),
        client.endpoints.list(),
        client.dnsConnections.list(),
        client.renewals.get({ id: ids['renewal'] ?? '' }),
        client.channels.list(),
        client.notices.list({}),
        client.contacts.list(),
        client.companies.get({ id: ids['company'] ?? '' }),
        client.csrs.list(),
        client.members.list(),
        client.invitations.list(),
        client.tokens.list().then(({ items }) => items.map((token) => ({ ...token, lastUsedAt: null }))),
      ],
    )
    const stable = certificates.items.map(({ id, name, status, sha256, renewedByCertificateId }) => ({
      id,
      name,
      status,
      sha256,
      renewedByCertificateId,
    }))
    const places = endpoints.items.map(({ id, certificateId, host }) => ({ id, certificateId, host }))
    const told = notices.items.map(({ id, readAt }) => ({ id, readAt }))
    return { stable, orders, balance, targets, places, dns, renewal, channels, told, applicants }
  }

  /** Of the installation, or what holds until somebody sets it: the same for everybody. */
  const SHARED = [
    'sessions.list',
    'sessions.ways', // of users
    'passkeys.list', // of users; tokens have none
    'ownTokens.list',
    'signInWays.get',
    'signInProviders.list', // of the installation
    'accounts.list',
    'users.list',
    'products.list',
    'issuers.list',
    'brands.list',
    'paymentConnections.list',
    'masterKeys.list',
    'masterKeys.health',
    'noticeSettings.get',
    'rules.get',
    'tokens.list',
    'audit.checkpoints', // of the whole chain: when and how much, of nobody
    'me.get',
  ]
  /** Counts by month and stage, whoever asks: a test of their own. */
  const PICTURES = ['certificates.forecast', 'certificates.funnel', 'certificates.firstSteps']
  /** Ends after minutes; that it tells nothing of another account is a test of its own (console.test.ts). */
  const STREAMS = ['certificates.changes']
  const APART = new Set([...SHARED, ...PICTURES, ...STREAMS])
  const isShared = (name: string) => APART.has(name) || name.startsWith('adapters.')
  const LISTS = OPERATIONS.filter(({ method, path, name }) => method === 'GET' && !path.includes('{id}') && !isShared(name))

  test.each(LISTS)('a list shows nothing of another account: $name', async (operation) => {
    const fresh = await anAccount(service, { balanceMinor: 0 })
    const response = await service.fetch(`/api/v1${operation.path}`, { headers: { authorization: `Bearer ${fresh.token}` } })
    expect(response.status).toBe(200)
    const { renewalWindow: _ofTheInstallation, ...body } = (await response.json()) as Record<string, unknown>
    for (const value of Object.values(body)) {
      expect(value === null || value === 0 || (Array.isArray(value) && value.length === 0)).toBe(true)
    }
  })

  test('pictures count nothing of another account', async () => {
    const { client } = await anAccount(service, { balanceMinor: 0 })
    const { certificates, months } = await client.certificates.forecast({})
    const { entered, stages } = await client.certificates.funnel({})
    expect([certificates, entered]).toEqual([0, 0])
    const { certificateId, steps } = await client.certificates.firstSteps({})
    expect([certificateId, steps.filter(({ isDone }) => isDone)]).toEqual([null, []])
    expect(months.filter(({ renewals, underRulesOfToday }) => renewals + underRulesOfToday > 0)).toEqual([])
    expect(stages.filter(({ reached, waiting }) => reached + waiting > 0)).toEqual([])
  })

  test('searching finds nothing of another account', async () => {
    for (const search of [ids['certificate'] ?? '', 'example.com', 'upload', '%']) {
      expect(
        (await stranger.client.certificates.list({ search })).items.filter(({ id }) => Object.values(ids).includes(id)),
      ).toEqual([])
    }
  })

  test('a cursor of another account shows nothing of it', async () => {
    const page = await owner.client.certificates.list({ limit: 1 })
    const seen = await stranger.client.certificates.list({ cursor: page.nextCursor ?? '' })
    expect(seen.items.filter(({ id }) => Object.values(ids).includes(id))).toEqual([])
  })

  describe('with a token that ran out, or was taken back', () => {
    let gone: readonly string[]
    beforeAll(async () => {
      const guest = await anAccount(service, { balanceMinor: 0 })
      await guest.client.balance.get()
      const { db } = service.services
      const expires_at = new Date(service.clock.now())
      await db.updateTable('access_token').set({ expires_at }).where('account_id', '=', guest.accountId).execute()
      const removed = await stranger.client.tokens.create({ name: 'removed', scopes: [...SCOPES] })
      await stranger.client.tokens.remove({ id: removed.id })
      gone = [guest.token, removed.token]
    })

    test.each(CLOSED)('$name ($method $path)', async (operation) => {
      const path = operation.path.replace('{id}', ids['certificate'] ?? '')
      for (const token of gone) expect(await call(token, operation, path)).toEqual(refused(401, 'unauthenticated'))
    })
  })
})
