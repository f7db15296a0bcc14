import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract, MEMBER_ROLES, ROLES, type MemberRole, type Role, type Scope } from '@evercert/contract'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { scopesOf } from '../../src/domain/access/roles.ts'
import { anUpload, refusalOf } from '../support/builders.ts'
import { openBrowser, tokenOf, type Browser } from '../support/browser.ts'
import { aHostKey } from '../support/estate.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'
import { totpOf } from '../support/totp.ts'

const PASSWORD = 'a violet tractor sings'
const TOTP_PERIOD_MS = 30_000
const OPERATIONS = Object.entries(contract).flatMap(([group, members]) =>
  Object.entries(members).map(([member, procedure]) => {
    const { route, meta } = procedure['~orpc']
    const { scope = null, isOpen = false } = meta.operation ?? {}
    return { name: `${group}.${member}`, method: route.method ?? 'POST', path: route.path ?? '', scope, isOpen }
  }),
)

eachDatabase((kind, open) => {
  let service: TestService
  /** One signed-in user for each role in the first account; the first operator is a member of no other. */
  const browsers = new Map<Role, Browser>()
  let first: Browser

  const as = (role: Role): Browser => browsers.get(role) ?? first
  const emailOf = (role: Role): string => `${role.toLowerCase()}@example.com`

  async function invited(inviter: Browser, email: string, role: MemberRole): Promise<string> {
    const { body, problem } = await inviter.send<{ link: string }>('POST', '/api/v1/invitations', { body: { email, role } })
    if (problem !== null) throw new Error(problem.detail)
    return tokenOf(body.link)
  }

  async function accepted(token: string, name = 'Somebody'): Promise<{ id: string; email: string }> {
    const body = { token, password: PASSWORD, name }
    const answer = await openBrowser(service).send<{ id: string; email: string }>('POST', '/api/v1/invitations/accept', { body })
    if (answer.problem !== null) throw new Error(answer.problem.detail)
    return answer.body
  }

  async function signedIn(email: string): Promise<Browser> {
    const browser = openBrowser(service)
    const { problem } = await browser.signIn({ email, password: PASSWORD })
    if (problem !== null) throw new Error(problem.detail)
    return browser
  }

  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    const token = tokenOf(await createFirstOperatorLink(service.services, service.url))
    const body = { token, email: 'first@example.com', password: PASSWORD, name: 'First' }
    await openBrowser(service).send('POST', '/api/v1/first-operator', { body })
    first = await signedIn('first@example.com')
    await Promise.all(
      MEMBER_ROLES.map(async (role) => {
        await accepted(await invited(first, emailOf(role), role))
        browsers.set(role, await signedIn(emailOf(role)))
      }),
    )
    // As operator of the installation alone: in an account of which they are no member.
    const account = await first.send<{ id: string }>('POST', '/api/v1/accounts', { body: { name: 'other' } })
    const operator = await signedIn('first@example.com')
    await operator.send('POST', '/api/v1/sessions/account', { body: { accountId: account.body.id } })
    browsers.set('installationOperator', operator)
  })
  afterAll(() => service.stop())

  test('what gets private keys is given by no session that is not fresh: no token, member, role, login or link', async () => {
    const browser = await signedIn(emailOf('owner'))
    const { client } = service
    const { id: viewerId } = (await client.members.list()).items.find(({ email }) => email === emailOf('viewer')) ?? { id: '' }
    const token = (scopes: readonly string[]) =>
      browser.send('POST', '/api/v1/tokens', { body: { name: `token ${randomUUID()}`, scopes } })
    const invite = (role: string) =>
      browser.send('POST', '/api/v1/invitations', { body: { email: `${randomUUID()}@example.com`, role } })
    const login = async (scopes: readonly Scope[]) => {
      const { userCode } = await client.deviceLogins.begin({ client: 'evercert', scopes: [...scopes] })
      await browser.send('POST', '/api/v1/device-logins/inspect', { body: { userCode } })
      return browser.send('POST', '/api/v1/device-logins/decide', { body: { userCode, decision: 'give', days: 1 } })
    }
    const change = (role: string) => browser.send('POST', `/api/v1/members/${viewerId}/role`, { body: { role } })
    const age = (minutes: number) =>
      service.services.db
        .updateTable('session')
        .set({ created_at: new Date(Date.now() - minutes * 60_000) })
        .execute()
    await age(11)
    for (const refused of [
      await token(['certificates:read', 'keys:download']),
      await invite('operator'),
      await login(['keys:download']),
      await change('administrator'),
      await login(['members:write']),
      ...(await Promise.all((['members:write', 'rules:write'] as const).map((scope) => token(['certificates:read', scope])))),
      await browser.send('POST', '/api/v1/account/rules', { body: await client.rules.get() }),
    ])
      expect(refused.problem?.code).toBe('freshAuthenticationNeeded')
    for (const done of [await token(['certificates:read']), await invite('viewer'), await login(['certificates:read'])])
      expect(done.problem).toBeNull()
    expect((await browser.send('POST', '/api/v1/sessions/confirm', { body: { password: PASSWORD } })).status).toBe(200)
    for (const done of [await token(['keys:download']), await invite('operator'), await login(['keys:download'])])
      expect(done.problem).toBeNull()
    // Who becomes another user gets what that one gets.
    const operator = await signedIn('first@example.com')
    await age(11)
    const recover = () => operator.send('POST', `/api/v1/users/${viewerId}/recovery`, { body: {} })
    expect((await recover()).problem?.code).toBe('freshAuthenticationNeeded')
    const operate = { name: 'operate', scopes: ['members:write', 'installation:operate'] as Scope[] }
    expect((await operator.send('POST', '/api/v1/tokens', { body: operate })).problem?.code).toBe('freshAuthenticationNeeded')
    await age(0) // for the others
    expect((await recover()).status).toBe(200)
    // Of tokens, that of the host alone: one that a session made, or another token, outlives what was said of who is there.
    const made = await operator.send<{ token: string }>('POST', '/api/v1/tokens', { body: operate })
    const more = await client.tokens.create({ name: 'by the operator', scopes: ['installation:operate'] })
    for (const { token } of [made.body, more])
      expect((await refusalOf(service.clientOf(token).users.recover({ id: viewerId }))).code).toBe('forbidden')
    expect((await client.users.recover({ id: viewerId })).link).toContain('/recovery#')
  })

  test('nor does it say who signs in, or where keys go', async () => {
    const { client, services } = service
    const operator = await signedIn('first@example.com')
    const age = (minutes: number) =>
      services.db
        .updateTable('session')
        .set({ created_at: new Date(Date.now() - minutes * 60_000) })
        .execute()
    const codeOf = async (path: string, body: object) =>
      (await operator.send('POST', `/api/v1/${path}`, { body })).problem?.code ?? null
    const { id: certificateId } = await anUpload({ service, client, accountId: '', token: '' })
    const target = (kind: string, config: object) =>
      codeOf('targets', { certificateId, name: `target ${randomUUID()}`, kind, config })
    const hook = { url: 'https://hook.example/', secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` }
    const quiet = await client.targets.create({ certificateId, name: 'quiet', kind: 'webhook', config: hook })
    const files = { certificatePath: '/nowhere/a.pem', keyPath: '/nowhere/a.key' }
    const local = await client.targets.create({ certificateId, name: 'files', kind: 'localFiles', config: files })
    // What a host is given is for whoever has its name: a new one has no target yet.
    const enrol = (name: string) => codeOf('agents/enrolments', { name })
    const { token } = await client.agents.createEnrolment({ name: 'once-here' })
    const { enrolling } = aHostKey()
    const { id: hostId } = await service.clientOf('').agents.enrol({ token, ...enrolling })
    await client.agents.revoke({ id: hostId })
    const provider = {
      id: 'mine',
      title: 'Mine',
      issuer: 'https://idp.example',
      clientId: 'a',
      clientSecret: 'b',
      allowedDomains: ['example.com'],
      newUsers: false,
      secondFactor: 'trusted',
    }
    const attempts = async () => [
      await codeOf('sign-in-providers', provider),
      await codeOf('sign-in-providers/mine', { secondFactor: 'trusted' }),
      await target('webhook', { ...hook, sendPrivateKey: true }),
      await target('localFiles', { certificatePath: '/nowhere/b.pem', keyPath: '/nowhere/b.key' }),
      await target('agent', { agent: 'none', site: 'none' }),
      await enrol('once-here'),
      await codeOf(`targets/${quiet.id}`, { config: { ...hook, sendPrivateKey: true } }),
      await codeOf(`targets/${local.id}`, { config: { ...files, keyPath: '/elsewhere/a.key' } }),
    ]
    await age(11)
    expect(await attempts()).toEqual(Array(8).fill('freshAuthenticationNeeded'))
    // Where no key goes, and what stays as it is.
    expect(await target('webhook', hook)).toBeNull()
    expect(await enrol('never-here')).toBeNull()
    expect(await codeOf(`targets/${quiet.id}`, { config: { ...hook, url: 'https://hook.example/other' } })).toBeNull()
    expect(await codeOf(`targets/${local.id}`, { name: 'renamed', config: files })).toBeNull()
    await age(0)
    expect(await attempts()).toEqual(['misconfigured', 'notFound', null, null, 'invalid', null, null, null])
  })

  test('a token that ends makes none that goes on longer', async () => {
    const scopes: Scope[] = ['tokens:write']
    const expiresAt = new Date(service.clock.now() + 3_600_000).toISOString()
    const made = await service.client.tokens.create({ name: 'an hour', scopes, expiresAt })
    const { tokens } = service.clientOf(made.token)
    const later = new Date(service.clock.now() + 7_200_000).toISOString()
    expect((await refusalOf(tokens.create({ name: 'for ever', scopes }))).code).toBe('forbidden')
    expect((await refusalOf(tokens.create({ name: 'later', scopes, expiresAt: later }))).code).toBe('forbidden')
    expect((await tokens.create({ name: 'as long', scopes, expiresAt })).expiresAt).toBe(expiresAt)
  })

  test('private keys are given out shortly after somebody said who they are, and to tokens as the rules say', async () => {
    const browser = await signedIn(emailOf('operator'))
    const download = (headers: Readonly<Record<string, string>> = {}) =>
      browser.send('POST', '/api/v1/certificates/none/downloads/with-key', { body: { format: 'nginx' }, headers })
    const confirm = (body: object) => browser.send('POST', '/api/v1/sessions/confirm', { body })
    const grow = (name: 'created_at' | 'authenticated_at') =>
      service.services.db
        .updateTable('session')
        .set({ [name]: new Date(Date.now() - 11 * 60_000) })
        .where('user_id', '=', (user) => user.selectFrom('user').select('id').where('email', '=', emailOf('operator')))
        .execute()
    expect((await download()).problem?.code).toBe('notFound') // it just signed in, and there is no such certificate
    await grow('created_at')
    expect((await download()).problem).toMatchObject({ code: 'freshAuthenticationNeeded', facts: { maxAgeMinutes: 10 } })
    expect((await confirm({ password: 'not the password' })).problem?.code).toBe('signInRefused')
    expect((await confirm({ code: '123456' })).problem?.code).toBe('secondFactorRefused')
    expect((await confirm({ password: PASSWORD, code: '123456' })).problem?.code).toBe('invalid')
    expect((await download()).problem?.code).toBe('freshAuthenticationNeeded')
    expect((await confirm({ password: PASSWORD })).status).toBe(200)
    expect((await download()).problem?.code).toBe('notFound')
    await grow('authenticated_at')
    expect((await download()).problem?.code).toBe('freshAuthenticationNeeded')

    const enabled = await browser.signInPath('two-factor/enable', { password: PASSWORD })
    await browser.signInPath('two-factor/verify-totp', { code: totpOf(String(enabled.body['totpUri'])) })
    await grow('created_at')
    const next = totpOf(String(enabled.body['totpUri']), Date.now() + TOTP_PERIOD_MS)
    expect((await confirm({ code: next })).status).toBe(200)
    expect((await download()).problem?.code).toBe('notFound')

    const owner = as('owner')
    const make = { name: 'keys', scopes: ['keys:download'] }
    const { body } = await owner.send<{ token: string }>('POST', '/api/v1/tokens', { body: make })
    const byToken = () =>
      service.fetch('/api/v1/certificates/none/downloads/with-key', {
        method: 'POST',
        headers: { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ format: 'nginx' }),
      })
    const setRules = (tokensMayDownloadKeys: boolean) =>
      owner.send('POST', '/api/v1/account/rules', {
        body: { spendingLimits: null, revocation: false, keyDownload: false, tokensMayDownloadKeys },
      })
    expect((await byToken()).status).toBe(404)
    expect((await setRules(false)).status).toBe(200)
    expect(await (await byToken()).json()).toMatchObject({ code: 'keysForUsersOnly' })
    expect((await setRules(true)).problem).toMatchObject({ code: 'secondPersonNeeded' })
  })

  describe('every operation, by role', () => {
    const SCOPED = OPERATIONS.flatMap((operation) => (operation.scope === null ? [] : [{ ...operation, scope: operation.scope }]))

    // What a role may do is computed, not stored: one database shows all of it, the other that it is asked the same.
    test.each(isPostgres(kind) ? (['viewer', 'installationOperator'] as const) : ROLES)('%s', async (role) => {
      const browser = as(role)
      expect(await browser.me()).toMatchObject({ role, scopes: expect.arrayContaining([...scopesOf(role)]) as string[] })
      const wrong: string[] = []
      for (const { name, method, path, scope } of SCOPED) {
        const body = method === 'POST' ? { body: {} } : {}
        const { problem } = await browser.send(method, `/api/v1${path.replace('{id}', 'none')}`, body)
        const isRefused = problem?.code === 'forbidden' && problem.facts['scope'] === scope
        if (isRefused === scopesOf(role).has(scope)) wrong.push(`${name}: ${problem?.code ?? 'done'}`)
      }
      expect(wrong).toEqual([])
    })

    test('the user with no account at all has a name and nothing else', async () => {
      const { id, email } = await accepted(await invited(first, 'leaver@example.com', 'owner'))
      const browser = await signedIn(email)
      expect((await first.send('DELETE', `/api/v1/members/${id}`)).status).toBe(200)
      expect(await browser.me()).toMatchObject({ user: { email }, account: null, role: null, scopes: [], accounts: [] })
      for (const path of ['/certificates', '/members', '/accounts', '/balance'])
        expect(await browser.send('GET', `/api/v1${path}`)).toMatchObject({ status: 403, problem: { code: 'forbidden' } })
    })
  })

  describe('accounts are apart', () => {
    test('a member of one cannot choose another, by header or for the session', async () => {
      const { account } = await as('installationOperator').me()
      const headers = { 'x-evercert-account': account?.id ?? '' }
      const closed = { status: 404, problem: { code: 'notFound' } }
      expect(await as('owner').send('GET', '/api/v1/me', { headers })).toMatchObject(closed)
      const body = { accountId: account?.id }
      expect(await as('owner').send('POST', '/api/v1/sessions/account', { body })).toMatchObject(closed)
      expect((await as('owner').me()).account?.id).not.toBe(account?.id)
      // Nor is a token of one account one of another.
      const authorization = `Bearer ${service.operatorToken}`
      expect(await openBrowser(service).send('GET', '/api/v1/me', { headers: { ...headers, authorization } })).toMatchObject(
        closed,
      )
    })

    test('who is in two chooses, and sees of each its own', async () => {
      const viewer = await signedIn(emailOf('viewer'))
      const home = await viewer.me()
      const token = await invited(as('installationOperator'), emailOf('viewer'), 'owner')
      expect(await viewer.send('POST', '/api/v1/invitations/join', { body: { token } })).toMatchObject({ status: 200 })
      const { accounts } = await viewer.me()
      expect(accounts.map(({ role }) => role)).toEqual(['viewer', 'owner'])
      const other = accounts[1]?.id ?? ''
      await viewer.send('POST', '/api/v1/sessions/account', { body: { accountId: other } })
      expect(await viewer.me()).toMatchObject({ account: { id: other }, role: 'owner' })
      const members = await viewer.send<{ items: { email: string }[] }>('GET', '/api/v1/members')
      expect(members.body.items.map(({ email }) => email)).toEqual([emailOf('viewer')])
      const back = await viewer.send('GET', '/api/v1/me', { headers: { 'x-evercert-account': home.account?.id ?? '' } })
      expect(back.body).toMatchObject({ role: 'viewer' })
    })
  })

  describe('members', () => {
    const roleOf = async (role: Role) => {
      const { user } = await as(role).me()
      return user?.id ?? ''
    }

    test('nobody gives or takes more than they have', async () => {
      const forbidden = { status: 403, problem: { code: 'forbidden' } }
      const invite = (browser: Browser, role: MemberRole) =>
        browser.send('POST', '/api/v1/invitations', { body: { email: 'new@example.com', role } })
      expect(await invite(as('administrator'), 'owner')).toMatchObject(forbidden)
      expect((await invite(as('administrator'), 'administrator')).status).toBe(201)
      const owner = await roleOf('owner')
      const demote = { body: { role: 'viewer' } }
      expect(await as('administrator').send('POST', `/api/v1/members/${owner}/role`, demote)).toMatchObject(forbidden)
      expect(await as('administrator').send('DELETE', `/api/v1/members/${owner}`)).toMatchObject(forbidden)
      const self = `/api/v1/members/${await roleOf('administrator')}/role`
      expect(await as('administrator').send('POST', self, { body: { role: 'owner' } })).toMatchObject(forbidden)
      // A token that may only invite does not make an administrator.
      const made = await as('owner').send<{ token: string }>('POST', '/api/v1/tokens', {
        body: { name: 'inviter', scopes: ['members:write'] },
      })
      const headers = { authorization: `Bearer ${made.body.token}` }
      const body = { email: 'new@example.com', role: 'viewer' }
      expect(await openBrowser(service).send('POST', '/api/v1/invitations', { body, headers })).toMatchObject(forbidden)
    })

    test('an account keeps an owner, also when two demote each other at once', async () => {
      const { body: account } = await first.send<{ id: string }>('POST', '/api/v1/accounts', { body: { name: 'two owners' } })
      const operator = await signedIn('first@example.com')
      await operator.send('POST', '/api/v1/sessions/account', { body: { accountId: account.id } })
      const owners = await Promise.all(
        ['one', 'two'].map(async (name) => accepted(await invited(operator, `${name}@example.com`, 'owner'))),
      )
      const tries = await Promise.all(
        owners.map(({ id }) => operator.send('POST', `/api/v1/members/${id}/role`, { body: { role: 'viewer' } })),
      )
      expect(tries.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
      expect(tries.find(({ status }) => status === 409)?.problem?.code).toBe('lastOwner')
      const items = (await operator.send<{ items: { id: string; role: string }[] }>('GET', '/api/v1/members')).body.items
      const owner = items.find(({ role }) => role === 'owner')
      expect(await operator.send('DELETE', `/api/v1/members/${owner?.id ?? ''}`)).toMatchObject({
        problem: { code: 'lastOwner' },
      })
    })

    test('an invitation works once, for one address, until it is taken back or a week has passed', async () => {
      const invalid = { status: 410, problem: { code: 'linkInvalid' } }
      const inspect = (token: string) => openBrowser(service).send('POST', '/api/v1/invitations/inspect', { body: { token } })
      const join = (token: string) => as('viewer').send('POST', '/api/v1/invitations/join', { body: { token } })
      const replaced = await invited(first, 'guest@example.com', 'viewer')
      const token = await invited(first, 'guest@example.com', 'auditor')
      expect(await inspect(replaced)).toMatchObject(invalid)
      expect((await inspect(token)).body).toMatchObject({ email: 'guest@example.com', role: 'auditor', isUser: false })
      expect(await join(token)).toMatchObject(invalid)
      const body = { token, password: PASSWORD, name: 'Guest' }
      const accept = () => openBrowser(service).send('POST', '/api/v1/invitations/accept', { body })
      const statuses = (await Promise.all([accept(), accept()])).map(({ status }) => status)
      expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 410])
      expect(await inspect(token)).toMatchObject(invalid)
      const late = await invited(first, 'late@example.com', 'viewer')
      service.clock.advanceDays(7)
      expect(await inspect(late)).toMatchObject(invalid)
    })

    test('an invitation is worth no more than who made it may give, and ends with them', async () => {
      const inspect = async (token: string) =>
        (await openBrowser(service).send('POST', '/api/v1/invitations/inspect', { body: { token } })).status
      const { id, email } = await accepted(await invited(first, 'inviter@example.com', 'owner'))
      const inviter = await signedIn(email)
      const made = await inviter.send<{ token: string }>('POST', '/api/v1/tokens', {
        body: { name: 'of the inviter', scopes: ['members:write', 'certificates:read', 'targets:read', 'notices:read'] },
      })
      const headers = { authorization: `Bearer ${made.body.token}` }
      const body = { email: 'third-self@example.com', role: 'viewer' }
      const byToken = await openBrowser(service).send<{ link: string }>('POST', '/api/v1/invitations', { body, headers })
      const asAdministrator = await invited(inviter, 'second-self@example.com', 'administrator')
      const links = [await invited(inviter, 'self@example.com', 'owner'), asAdministrator, tokenOf(byToken.body.link)]
      const others = await invited(first, 'of-others@example.com', 'viewer')
      await first.send('POST', `/api/v1/members/${id}/role`, { body: { role: 'administrator' } })
      expect(await Promise.all(links.map(inspect))).toEqual([410, 200, 200])
      await first.send('DELETE', `/api/v1/members/${id}`)
      expect(await Promise.all(links.map(inspect))).toEqual([410, 410, 410])
      expect(await inspect(others)).toBe(200)
    })

    test('an invitation by a token ends with the token', async () => {
      const scopes = ['members:write', 'certificates:read', 'targets:read', 'notices:read']
      const byToken = async (name: string) => {
        const expiresAt = new Date(service.clock.now() + 60_000).toISOString()
        const wish = { body: { name, scopes, expiresAt: name === 'short' ? expiresAt : null } }
        const made = await first.send<{ id: string; token: string }>('POST', '/api/v1/tokens', wish)
        const headers = { authorization: `Bearer ${made.body.token}` }
        const body = { email: `by-${name}@example.com`, role: 'viewer' }
        const { link } = (await openBrowser(service).send<{ link: string }>('POST', '/api/v1/invitations', { body, headers }))
          .body
        const inspect = { body: { token: tokenOf(link) } }
        const status = async () => (await openBrowser(service).send('POST', '/api/v1/invitations/inspect', inspect)).status
        expect(await status()).toBe(200)
        return { id: made.body.id, status }
      }
      const [removed, own, short] = [await byToken('removed'), await byToken('own'), await byToken('short')]
      await first.send('DELETE', `/api/v1/tokens/${removed.id}`)
      expect((await first.send('DELETE', `/api/v1/me/tokens/${own.id}`)).status).toBe(200)
      service.clock.advance(60_000)
      expect([await removed.status(), await own.status(), await short.status()]).toEqual([410, 410, 410])
    })

    test('a token is worth no more than its maker, and ends with them', async () => {
      const { id, email } = await accepted(await invited(first, 'maker@example.com', 'owner'))
      const maker = await signedIn(email)
      const made = await maker.send<{ token: string }>('POST', '/api/v1/tokens', {
        body: { name: 'of the maker', scopes: ['certificates:read', 'members:read'] },
      })
      const headers = { authorization: `Bearer ${made.body.token}` }
      const scopes = async () =>
        (await openBrowser(service).send<{ scopes: string[] }>('GET', '/api/v1/me', { headers })).body.scopes
      expect(await scopes()).toEqual(['certificates:read', 'members:read'])
      await first.send('POST', `/api/v1/members/${id}/role`, { body: { role: 'viewer' } })
      expect(await scopes()).toEqual(['certificates:read'])
      await first.send('DELETE', `/api/v1/members/${id}`)
      expect((await openBrowser(service).send('GET', '/api/v1/me', { headers })).status).toBe(401)
    })

    test('a token shows when it was used, to the minute', async () => {
      const made = await first.send<{ id: string; token: string }>('POST', '/api/v1/tokens', {
        body: { name: 'seldom', scopes: ['certificates:read'] },
      })
      const use = () => service.clientOf(made.body.token).certificates.list({})
      const lastUsed = async () => {
        const { body } = await first.send<{ items: { id: string; lastUsedAt: string | null }[] }>('GET', '/api/v1/tokens')
        return body.items.find(({ id }) => id === made.body.id)?.lastUsedAt ?? null
      }
      expect(await lastUsed()).toBeNull()
      await use()
      const once = await lastUsed()
      expect(once).not.toBeNull()
      await use()
      expect(await lastUsed()).toBe(once)
      service.clock.advance(60_000)
      await use()
      expect(await lastUsed()).not.toBe(once)
    })
  })

  test('sessions are listed and ended by their user alone; a changed password ends the others', async () => {
    const [mine, other] = [await signedIn(emailOf('auditor')), await signedIn(emailOf('auditor'))]
    const { items } = (
      await mine.send<{ items: { id: string; isCaller: boolean; address: string }[] }>('GET', '/api/v1/sessions')
    ).body
    expect(items.length).toBeGreaterThanOrEqual(3)
    expect(items.filter(({ isCaller }) => isCaller)).toMatchObject([{ address: '127.0.0.1' }])
    const [newest] = items.filter(({ isCaller }) => !isCaller)
    expect((await as('owner').send('DELETE', `/api/v1/sessions/${newest?.id ?? ''}`)).status).toBe(404)
    expect((await other.send('GET', '/api/v1/me')).status).toBe(200)
    expect((await mine.send('DELETE', `/api/v1/sessions/${newest?.id ?? ''}`)).status).toBe(200)
    expect((await other.send('GET', '/api/v1/me')).status).toBe(401)
    const change = (currentPassword: string, newPassword: string) =>
      mine.signInPath('change-password', { currentPassword, newPassword })
    expect(await change('wrong', 'another violet tractor')).toMatchObject({ problem: { code: 'signInRefused' } })
    expect(await change(PASSWORD, 'password12345')).toMatchObject({ problem: { code: 'weakPassword' } })
    expect((await change(PASSWORD, 'another violet tractor')).status).toBe(200)
    expect((await as('auditor').send('GET', '/api/v1/me')).status).toBe(401)
    expect((await mine.send('GET', '/api/v1/me')).status).toBe(200)
    // A token has neither sessions nor a name to change.
    const headers = { authorization: `Bearer ${service.operatorToken}` }
    expect((await openBrowser(service).send('GET', '/api/v1/sessions', { headers })).status).toBe(403)
  })

  test('a second factor is asked for, its codes work once, and a recovery link ends it', async () => {
    const email = emailOf('finance')
    const browser = as('finance')
    expect(await browser.signInPath('two-factor/enable', { password: 'wrong' })).toMatchObject({
      problem: { code: 'signInRefused' },
    })
    const enabled = await browser.signInPath('two-factor/enable', { password: PASSWORD })
    const { totpUri, backupCodes } = enabled.body as { totpUri: string; backupCodes: string[] }
    expect((await browser.me()).user?.hasSecondFactor).toBe(false)
    expect(await browser.signInPath('two-factor/verify-totp', { code: '000000' })).toMatchObject({ status: 401 })
    const confirmed = totpOf(totpUri)
    expect((await browser.signInPath('two-factor/verify-totp', { code: confirmed })).status).toBe(200)
    expect((await browser.me()).user?.hasSecondFactor).toBe(true)

    const half = openBrowser(service)
    expect((await half.signIn({ email, password: PASSWORD })).body).toEqual({ next: 'secondFactor' })
    expect((await half.send('GET', '/api/v1/me')).status).toBe(401)
    const wrong = await half.signInPath('two-factor/verify-totp', { code: '000000' })
    expect(wrong).toMatchObject({ problem: { code: 'secondFactorRefused', facts: { beginAgain: false } } })
    // The code that confirmed the set-up is used, and each further one lets one sign-in in, however many come at once (RFC 6238 §5.2).
    expect(await half.signInPath('two-factor/verify-totp', { code: confirmed })).toMatchObject({
      problem: { code: 'secondFactorRefused', facts: { beginAgain: false } },
    })
    const next = totpOf(totpUri, Date.now() + TOTP_PERIOD_MS)
    const halves = [half, openBrowser(service), openBrowser(service)]
    for (const each of halves.slice(1)) await each.signIn({ email, password: PASSWORD })
    const answers = await Promise.all(halves.map((each) => each.signInPath('two-factor/verify-totp', { code: next })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401])
    const [inside = half] = halves.filter((_, index) => answers[index]?.status === 200)
    expect((await inside.me()).user?.email).toBe(email)

    const withCode = async (code: string) => {
      const other = openBrowser(service)
      await other.signIn({ email, password: PASSWORD })
      return (await other.signInPath('two-factor/verify-backup-code', { code })).status
    }
    expect([await withCode(backupCodes[0] ?? ''), await withCode(backupCodes[0] ?? '')]).toEqual([200, 401])

    const guesser = openBrowser(service)
    await guesser.signIn({ email, password: PASSWORD })
    for (let tries = 0; tries < 5; tries += 1) await guesser.signInPath('two-factor/verify-totp', { code: '000000' })
    const fresh = [0, -TOTP_PERIOD_MS, TOTP_PERIOD_MS].map((away) => totpOf(totpUri, Date.now() + away))
    const code = fresh.find((each) => each !== confirmed && each !== next) ?? ''
    expect(await guesser.signInPath('two-factor/verify-totp', { code })).toMatchObject({
      problem: { code: 'secondFactorRefused', facts: { beginAgain: true } },
    })

    const { user } = await inside.me()
    const { body } = await first.send<{ link: string }>('POST', `/api/v1/users/${user?.id ?? ''}/recovery`, { body: {} })
    const recover = (password: string) =>
      openBrowser(service).send('POST', '/api/v1/recovery', { body: { token: tokenOf(body.link), password } })
    expect((await recover('password12345')).status).toBe(422)
    expect((await recover('a brown tractor whistles')).body).toMatchObject({ email, hasSecondFactor: false })
    expect((await recover('a brown tractor whistles')).status).toBe(410)
    expect((await inside.send('GET', '/api/v1/me')).status).toBe(401)
    const back = openBrowser(service)
    expect((await back.signIn({ email, password: 'a brown tractor whistles' })).body).toEqual({ next: 'signedIn' })
  })
})
