/**
 * Whatever somebody of another account calls, in whatever order, with whatever identifiers, names and keys of an account they know: nothing of
 * it is told them, and not a byte of its rows changes.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SCOPES } from '@evercert/contract'
import { aForeignCertificate, aForm, anAccount, PRIVATE_SINGLE, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { CONTRACT_OPERATIONS, makeInput, type ContractOperation, type InputSource } from '../support/contract-inputs.ts'
import { oneDatabase } from '../support/databases.ts'
import { anEstate, type Estate } from '../support/estate.ts'
import { aPng } from '../support/images.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** What the stranger knows of the other account, besides every identifier: names that may be taken, and that they may take as well. */
const CANARY = 'canaryofanother'
/** What they do not know, and never say. */
const SECRETS = ['renewed', 'target', 'dns', 'Ada', 'Ltd.', 'csr', 'token', 'robot', 'second upload'].map(
  (word) => `${CANARY} ${word}`,
)
const IS_LONG = process.env['EVERCERT_TEST_LONG'] === '1'
/** The same sequences each time; with EVERCERT_TEST_LONG others, more of them. */
const RUNS = IS_LONG ? { numRuns: 600 } : { numRuns: 80, seed: 20_261_129 }
const LONGEST = 24

const OPERATE = 'installation:operate'
/** Of the installation, for its operator: who may do these sees all accounts, and settles whose a name is. */
const isOfTheInstallation = ({ scope, name }: ContractOperation) =>
  scope === OPERATE && !name.startsWith('targets.') && name !== 'payments.recordReceipt'
/** They look at sites, or never end: what they answer is the network's. */
const SLOW = [
  'certificates.verify',
  'certificates.probe',
  'certificates.events',
  'certificates.changes',
  'discovery.look',
  'agents.poll',
  'channels.test',
]
const OPERATIONS = CONTRACT_OPERATIONS.filter((each) => !isOfTheInstallation(each) && !SLOW.includes(each.name))

/** What passes for a field of this name. */
const FITTING: Readonly<Record<string, string>> = {
  email: `${CANARY}@example.com`,
  phone: '+44 20 0000 0000',
  country: 'CN',
  currency: 'CNY',
  host: `${CANARY}.example.com`,
  domains: `${CANARY}.example.com`,
  contentBase64: aPng().toString('base64'),
}

interface Step {
  readonly operation: number
  /** Whose token, and which account it asks to be in. */
  readonly caller: number
  readonly choices: readonly number[]
}

const step: fc.Arbitrary<Step> = fc.record({
  operation: fc.nat(OPERATIONS.length - 1),
  caller: fc.nat(15),
  choices: fc.array(fc.nat(1_000_000), { minLength: 24, maxLength: 24 }),
})

oneDatabase((_kind, open) => {
  let service: TestService
  let owner: TestAccount
  let stranger: TestAccount
  let estate: Estate
  /** Of the stranger: everything that is no operation of the installation, that to tags of the owner's, and an agent's. */
  let tokens: readonly string[]
  const own: string[] = []
  const asked = new Map<string, Set<number>>()

  beforeAll(async () => {
    const database = await open()
    const clock = createClock(Date.now())
    service = await startTestService({ database, clock })
    ;[owner, stranger] = [await anAccount(service), await anAccount(service)]
    estate = await anEstate(owner, database.dataDir, CANARY)
    const strangers = await anEstate(stranger, database.dataDir, 'ofthestranger')
    own.push(...Object.values(strangers.ids))
    await strangers.close()
    const narrowed = await stranger.client.tokens.create({ name: 'narrow', scopes: [...SCOPES], tags: [CANARY] })
    const tenant = await stranger.client.tokens.create({ name: 'tenant', scopes: SCOPES.filter((scope) => scope !== OPERATE) })
    tokens = [tenant.token, narrowed.token, strangers.agentCredential]
    await service.stop()
    service = await startTestService({ database, clock, worker: IDLE_WORKER }) // nothing changes by itself any more
  })
  afterAll(async () => {
    await service.stop()
    await estate.close()
  })

  /** Of each table that has rows of the owner, a digest of them. */
  async function ownersRows(): Promise<Record<string, string>> {
    const { db } = service.services
    const { rows: tables } = await sql<{ name: string }>`select table_name as name from information_schema.columns
      where table_schema = current_schema() and column_name = 'account_id' order by 1`.execute(db)
    const digests: Record<string, string> = {}
    for (const { name } of tables) {
      const { rows } = await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(name)} t
        where account_id = ${owner.accountId} order by 1`.execute(db)
      if (rows.length > 0) digests[name] = `${rows.length} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`
    }
    return digests
  }

  /** Beginnings of the identifiers that a path or a field is about: of what the other account has of that kind. */
  function prefixesOf(about: string): ReadonlySet<string> {
    const words = about.toLowerCase().replace('companies', 'company')
    const kinds = Object.keys(estate.ids).filter((kind) => words.includes(kind))
    return new Set(kinds.map((kind) => (estate.ids[kind] ?? '').slice(0, 4)))
  }

  /** Bodies that pass, for operations whose shape alone does not say what passes. */
  function wellFormed(
    { name }: ContractOperation,
    pick: (field: string) => string,
    below: (limit: number) => number,
  ): Record<string, unknown> | null {
    const leaf = () => aForeignCertificate(service, { daysLeft: 20 })
    switch (name) {
      case 'certificates.upload': {
        const { chainPem, privateKeyPem } = leaf()
        return { name: `${CANARY} ${below(1e6)}`, certificatePem: chainPem, privateKeyPem }
      }
      case 'applications.submit':
        return { ...aForm([`a.${CANARY}.example.com`], { validationMethod: 'dnsManual' }), contactId: pick('contactId') }
      case 'quotes.create':
      case 'orders.place':
        return { productId: PRIVATE_SINGLE, ...(pick('maybe') < 'f' && { renewsCertificateId: pick('renewsCertificateId') }) }
      case 'targets.create': {
        const config = { agent: `${CANARY}-agent`, site: 'shop' }
        return { certificateId: pick('certificateId'), name: CANARY, kind: 'agent', config }
      }
      case 'endpoints.create':
        return { certificateId: pick('certificateId'), host: `${CANARY}.example.com` }
      case 'tokens.create':
        return { name: 'more', scopes: ['certificates:read', 'certificates:write'], tags: [CANARY] }
      case 'certificates.export':
        return { format: 'json' }
      default:
        return null
    }
  }

  async function take({ operation: index, caller, choices }: Step): Promise<void> {
    const operation = OPERATIONS[index] ?? expect.fail()
    const theirs = Object.values(estate.ids)
    let at = 0
    const below = (limit: number) => (choices[at++ % choices.length] ?? 0) % limit
    const pick = (field: string): string => {
      if (field === 'maybe') return 'cfik'[below(4)] ?? ''
      const from = below(3) === 0 && own.length > 0 ? own : theirs
      const prefixes = prefixesOf(field === 'id' ? operation.path : field)
      const fitting = from.filter((id) => prefixes.has(id.slice(0, 4)))
      const some = fitting.length > 0 && below(8) > 0 ? fitting : from
      return some[below(some.length)] ?? ''
    }
    const text = (field: string): string => {
      if (/ids?$/i.test(field)) return pick(field)
      const words = [
        CANARY,
        `${CANARY}.example.com`,
        `${CANARY} upload`,
        `${CANARY}-agent`,
        `${CANARY}@example.com`,
        'viewer',
        'x',
      ]
      return below(4) > 0 ? (FITTING[field] ?? CANARY) : (words[below(words.length)] ?? '')
    }
    const source: InputSource = { below, text }
    const ready = below(4) === 0 ? null : wellFormed(operation, pick, below)
    const input = (ready ?? makeInput(operation.shape, source) ?? {}) as Record<string, unknown>
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(typeof input[name] === 'string' ? input[name] : pick('id')),
    )
    const { id: _, ...rest } = input
    const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [name, String(value)] as [string, string]))
    const isPost = operation.method === 'POST'
    const request = `${path}${isPost || query.size === 0 ? '' : `?${query.toString()}`}`
    const body = isPost ? JSON.stringify(rest) : ''
    const token = operation.scope === OPERATE ? stranger.token : (tokens[caller < 11 ? 0 : caller < 13 ? 1 : 2] ?? '')
    const response = await service.fetch(`/api/v1${request}`, {
      method: operation.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(caller === 10 && { 'x-evercert-account': owner.accountId }),
        ...(isPost && {
          'content-type': 'application/json',
          'idempotency-key': below(3) === 0 ? estate.idempotencyKey : `k${below(1e6)}`,
        }),
      },
      ...(isPost && { body }),
    })
    const answer = await response.text()
    asked.set(operation.name, (asked.get(operation.name) ?? new Set()).add(response.status))
    expect({ operation: operation.name, status: response.status, answer }).not.toMatchObject({ status: 500 })
    // What the request said itself may come back; nothing else of the account.
    const said = [request, body, caller === 10 ? owner.accountId : ''].join(' ')
    const told = [...SECRETS, ...theirs, owner.accountId].filter((secret) => answer.includes(secret) && !said.includes(secret))
    expect({ operation: operation.name, request, body, told, answer: told.length > 0 ? answer : '' }).toMatchObject({ told: [] })
    for (const [id] of answer.matchAll(/\b[a-z]{3}_[0-9a-z]{26}\b/g)) if (!theirs.includes(id) && !own.includes(id)) own.push(id)
  }

  test('no sequence of calls reads or changes anything of another account', async () => {
    const before = await ownersRows()
    expect(Object.keys(before).length).toBeGreaterThan(25)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: LONGEST }), async (steps) => {
        for (const each of steps) await take(each)
        expect(await ownersRows()).toEqual(before)
      }),
      RUNS,
    )
    // The sequences are worth something: nearly every operation was called, and many of them did what they do, for their own account.
    const done = [...asked].filter(([, statuses]) => [...statuses].some((status) => status < 300)).map(([name]) => name)
    expect(OPERATIONS.length - asked.size).toBeLessThan(OPERATIONS.length / 10)
    expect(done.length).toBeGreaterThan(45)
  })
})
