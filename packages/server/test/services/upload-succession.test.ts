import type { CertificateView } from '@evercert/contract'
import { createClient } from '@evercert/contract/client'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { up } from '../../src/db/migrations/0050-taken-out-of-lineages.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { anAccount, anUpload, buyCertificate, PRIVATE_SINGLE, refusalOf, type TestAccount } from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { runRound } from '../support/notices.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const CHINESE = /[一-龥]/u

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(DEFAULT_START)
  const authority = createChain({ notBefore: DEFAULT_START - 400 * DAY_MS, notAfter: DEFAULT_START + 4000 * DAY_MS })
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
  })
  beforeEach(async () => {
    clock.moveTo(DEFAULT_START)
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  /** 90 days long. */
  const generation = (daysLeft: number, names = ['shop.example.com']): TestLeaf => {
    const notAfter = DEFAULT_START + daysLeft * DAY_MS
    return authority.issue({ names, notBefore: notAfter - 90 * DAY_MS, notAfter })
  }
  const entryOf = (name: string, leaf: TestLeaf, renewsCertificateId?: string) => ({
    name,
    certificatePem: leaf.chainPem,
    privateKeyPem: leaf.privateKeyPem,
    ...(renewsCertificateId === undefined ? {} : { renewsCertificateId }),
  })
  const upload = (name: string, daysLeft: number, renewsCertificateId?: string) =>
    account.client.certificates.upload(entryOf(name, generation(daysLeft), renewsCertificateId))
  const get = (id: string) => account.client.certificates.get({ id })
  const placesOf = (items: readonly CertificateView[]) => items.map(({ name }) => name)
  const list = async (query: Parameters<TestAccount['client']['certificates']['list']>[0] = {}) =>
    placesOf((await account.client.certificates.list({ limit: 100, ...query })).items)

  test('it joins the lineage: linked, listed directly under its predecessor in every order, with its tags; the old one is not to be renewed', async () => {
    const first = await upload('shop', 5)
    await account.client.certificates.tag({ id: first.id, add: ['production'] })
    await upload('other', 20)
    const second = await upload('shop, second', 35, first.id)
    const third = await upload('a third', 65, second.id)
    expect(second).toMatchObject({ renewsCertificateId: first.id, isNew: true, origin: 'uploaded', tags: ['production'] })
    expect(third).toMatchObject({ renewsCertificateId: second.id, renewedByCertificateId: null, tags: ['production'] })
    for (const sort of ['created', '-created', 'expiry', '-expiry', 'name', '-name'] as const) {
      const names = await list({ sort })
      const at = names.indexOf('shop')
      expect(names.slice(at, at + 3)).toEqual(['shop', 'shop, second', 'a third'])
    }
    const { steps } = await account.client.certificates.firstSteps({})
    expect(steps.filter(({ isDone }) => isDone).map(({ step }) => step)).toEqual(['certificate', 'issued'])
    const old = await get(first.id)
    expect(old).toMatchObject({ status: 'expiringSoon', renewedByCertificateId: second.id, nextStep: { code: 'renewed' } })
    expect(old.renewal).toMatchObject({
      eligible: false,
      action: null,
      reasons: [{ code: 'alreadyRenewed', facts: { renewalId: null, certificateId: second.id } }],
    })
    expect(old.renewal.reasons[0]?.text.en).toContain(second.id)
    expect(old.history.map(({ to, detail }) => [to, detail])).toContainEqual(['followed', second.id])
    for (const { id } of [first, second, third]) {
      const { lineage } = await get(id)
      expect(lineage).toMatchObject({ earlier: 0, later: 0 })
      expect(lineage.members.map(({ name, status }) => [name, status])).toEqual([
        ['shop', 'expiringSoon'],
        ['shop, second', 'issued'],
        ['a third', 'issued'],
      ])
    }
    expect(second.history).toMatchObject([{ to: 'uploaded', detail: expect.stringContaining(`renews ${first.id}`) as string }])
    expect(
      await refusalOf(account.client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: first.id })),
    ).toMatchObject({
      code: 'alreadyRenewed',
      facts: { certificateId: second.id },
    })
  })

  test('a certificate shows the twenty members of its lineage before and after it and counts the others; a token with tags sees its own', async () => {
    const ids: string[] = []
    for (let index = 0; index < 23; index += 1) ids.push((await upload(`chain ${index}`, 5 + index, ids.at(-1))).id)
    const [first = '', last = ''] = [ids[0], ids.at(-1)]
    const shown = async (id: string, client = account.client) => {
      const { members, earlier, later } = (await client.certificates.get({ id })).lineage
      return { members: members.map((member) => ids.indexOf(member.id)), earlier, later }
    }
    const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
    expect(await shown(first)).toEqual({ members: upTo(0, 20), earlier: 0, later: 2 })
    expect(await shown(last)).toEqual({ members: upTo(2, 22), earlier: 2, later: 0 })
    expect(await shown(ids[11] ?? '')).toEqual({ members: upTo(0, 22), earlier: 0, later: 0 })
    for (const id of [first, last]) await account.client.certificates.tag({ id, add: ['ends'] })
    const { token } = await account.client.tokens.create({ name: 'narrow', scopes: ['certificates:read'], tags: ['ends'] })
    const narrowed = createClient({ url: service.url, token })
    expect(await shown(first, narrowed)).toEqual({ members: [0, 22], earlier: 0, later: 0 })
    // The list: what the filter leaves out stands under the one that matches, the nearest twenty; to the token its own alone.
    const underFirst = async (client = account.client) => {
      const { items } = await client.certificates.list({ search: first })
      return items.map(({ under }) => under.map(({ id }) => ids.indexOf(id)))
    }
    expect(await underFirst()).toEqual([upTo(1, 20)])
    expect(await underFirst(narrowed)).toEqual([[22]])
  })

  test('in bulk: what the list has of it is what the database works out itself, and of two that name the same the first is taken', async () => {
    const first = await upload('shop', 5)
    const others = Array.from({ length: 22 }, (_, index) => entryOf(`other ${index}`, generation(60)))
    const answer = await account.client.uploads.create({
      entries: [...others, entryOf('next', generation(35), first.id), entryOf('late', generation(40), first.id)],
    })
    const next = answer.outcomes.at(-2)
    const nextId = next?.result === 'stored' ? next.certificateId : ''
    expect(answer.outcomes.at(-1)).toMatchObject({
      result: 'refused',
      problem: { code: 'alreadyRenewed', facts: { certificateId: nextId, lastCertificateId: nextId } },
    })
    const names = await list({ sort: 'expiry' })
    expect(names.slice(names.indexOf('shop')).slice(0, 2)).toEqual(['shop', 'next'])
    expect(await get(nextId)).toMatchObject({ renewsCertificateId: first.id })
    const rows = async (query: string) =>
      (await sql.raw(query.replaceAll('$1', `'${account.accountId}'`)).execute(service.services.db)).rows
    const stored = async () => [
      await rows('select * from certificate_listing where account_id = $1 order by certificate_id'),
      await rows(`select phase, opens_on, expires_on, lifetime_days, is_last, waits_for, sum(count)::int as count from (
          select phase, opens_on, expires_on, lifetime_days, is_last, waits_for, count from certificate_tally where account_id = $1
          union all select phase, opens_on, expires_on, lifetime_days, is_last, waits_for, count from certificate_tally_change where account_id = $1
        ) t group by 1, 2, 3, 4, 5, 6 having sum(count) <> 0 order by 1, 2, 3, 4, 5, 6`),
    ]
    const written = await stored()
    expect(written[0]).toHaveLength(24)
    for (const table of ['certificate_listing', 'certificate_tally', 'certificate_tally_change'])
      await sql`delete from ${sql.table(table)} where account_id = ${account.accountId}`.execute(service.services.db)
    await sql`select refresh_listing(${account.accountId}, array_agg(distinct lineage_id)) from certificate
      where account_id = ${account.accountId}`.execute(service.services.db)
    expect(await stored()).toEqual(written)
  })

  test('refused, typed and in both languages: bought here, newer, followed, deleted, of another account; nothing is stored', async () => {
    const first = await upload('shop', 35)
    const second = await upload('second', 65, first.id)
    const bought = await buyCertificate(account)
    const gone = await upload('gone', 10)
    await account.client.certificates.remove({ id: gone.id })
    const stranger = await anUpload(await anAccount(service, { balanceMinor: 0 }))
    const before = await list()
    const cases = [
      [bought.id, 70, 'notItsSuccessor', { reason: 'purchased' }],
      [second.id, 64, 'notItsSuccessor', { reason: 'newer', certificateId: second.id }],
      [gone.id, 70, 'notItsSuccessor', { reason: 'ended' }],
      [first.id, 70, 'alreadyRenewed', { certificateId: second.id, lastCertificateId: second.id }],
      [stranger.id, 70, 'notFound', {}],
      ['crt_none', 70, 'notFound', {}],
    ] as const
    for (const [id, daysLeft, code, facts] of cases) {
      const problem = await refusalOf(upload('late', daysLeft, id))
      expect(problem).toMatchObject({ code, facts })
      expect(problem.cause.zh).toMatch(CHINESE)
      expect(problem.remedy.zh).toMatch(CHINESE)
      expect(problem.remedy.en).not.toBe('')
    }
    expect(await list()).toEqual(before)
  })

  test('a renewal that is ordered stands in the way, and the other way round, also at the same moment', async () => {
    const { client } = account
    const ordered = await upload('ordered', 5)
    const { id: orderId } = await client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: ordered.id })
    expect(await refusalOf(upload('late', 60, ordered.id))).toMatchObject({ code: 'alreadyRenewed' })
    await client.orders.cancel({ id: orderId })
    const follower = await upload('late', 60, ordered.id)
    expect(await get(ordered.id)).toMatchObject({ renewedByCertificateId: follower.id })
    const raced = await upload('raced', 5)
    const both = await Promise.allSettled([
      client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: raced.id }),
      upload('raced on', 60, raced.id),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  test('a purchase may renew what followed: it stands at the end of the lineage', async () => {
    const first = await upload('shop', 5)
    const second = await upload('shop, second', 20, first.id)
    const third = await buyCertificate(account, { productId: PRIVATE_SINGLE, renewsCertificateId: second.id })
    expect((await list({ sort: 'expiry' })).slice(0, 3)).toEqual(['shop', 'shop, second', third.name])
    expect(await get(second.id)).toMatchObject({ renewedByCertificateId: third.id })
  })

  test('nobody is told of the old one any more, nor does it wait for anything; when the one that followed is deleted it is as before', async () => {
    const first = await upload('shop', 32)
    const second = await upload('second', 80, first.id)
    const inbox = async () => (await account.client.notices.list({ certificateId: first.id })).items
    const waiting = async () =>
      (await account.client.certificates.funnel({})).stages.filter(({ waiting: many }) => many > 0).map(({ stage }) => stage)
    clock.moveTo(DEFAULT_START + 4 * DAY_MS)
    await runRound(service)
    expect(await inbox()).toEqual([])
    expect(await waiting()).toEqual([])
    await account.client.certificates.remove({ id: second.id })
    expect(await get(first.id)).toMatchObject({ renewedByCertificateId: null, renewal: { eligible: true } })
    await runRound(service)
    expect(await inbox()).toMatchObject([{ kind: 'expiry' }])
    expect(await waiting()).toEqual(['ordered'])
  })

  test('one in the middle that is deleted is taken out: what followed it follows the one before, and nobody is told', async () => {
    const { client } = account
    const first = await upload('shop', 32)
    const second = await upload('second', 60, first.id)
    const third = await upload('third', 80, second.id)
    await client.certificates.remove({ id: second.id })
    expect(await get(first.id)).toMatchObject({ renewedByCertificateId: third.id, nextStep: { code: 'renewed' } })
    expect((await get(first.id)).history[0]).toMatchObject({ to: 'followed', detail: third.id })
    expect(await get(third.id)).toMatchObject({ renewsCertificateId: first.id, isNew: true })
    expect(await refusalOf(client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: first.id }))).toMatchObject({
      code: 'alreadyRenewed',
    })
    clock.moveTo(DEFAULT_START + 4 * DAY_MS)
    await runRound(service)
    const told = async () => (await client.notices.list({ certificateId: first.id })).items.map(({ kind }) => kind)
    expect(await told()).toEqual([])
    expect(await list({ sort: 'expiry' })).toEqual(['shop', 'third'])
    expect(await list({ waitsFor: 'ordered' })).toEqual([])
    const site = await client.endpoints.create({ certificateId: first.id, host: '127.0.0.1', port: 9, protocol: 'tls' })
    expect(site.certificateId).toBe(third.id)
    await client.endpoints.remove({ id: site.id })
    await client.certificates.remove({ id: third.id })
    expect(await get(first.id)).toMatchObject({ renewedByCertificateId: null, renewal: { eligible: true } })
    await runRound(service)
    expect(await told()).toEqual(['expiry'])
  })

  test('all between the first and the last are deleted at the same moment: none is refused, and the last follows the first', async () => {
    const ids: string[] = []
    for (const place of [1, 2, 3, 4, 5, 6, 7, 8]) ids.push((await upload(`${place}`, 5 + place, ids.at(-1))).id)
    const [first = '', last = ''] = [ids[0], ids.at(-1)]
    await Promise.all(ids.slice(1, -1).map((id) => account.client.certificates.remove({ id })))
    expect(await get(last)).toMatchObject({ renewsCertificateId: first })
    expect(await get(first)).toMatchObject({ renewedByCertificateId: last, renewal: { eligible: false } })
  })

  test('those that were deleted from the middle before this was so are taken out by the migration, unless the one before has another', async () => {
    const { db } = service.services
    const chainOf = async (name: string) => {
      const ids: string[] = []
      for (const place of [1, 2, 3, 4]) ids.push((await upload(`${name} ${place}`, 5 + place, ids.at(-1))).id)
      const [first = '', second = '', third = '', fourth = ''] = ids
      const gone = [second, third]
      await sql`update certificate set closed_as = 'closed', closed_at = now() where id = any(${gone}::text[])`.execute(db)
      return { first, fourth }
    }
    const [whole, renewed] = [await chainOf('whole'), await chainOf('renewed')]
    await account.client.orders.place({ productId: PRIVATE_SINGLE, renewsCertificateId: renewed.first })
    const forked = await upload('forked', 5)
    const branches: { gone: string; id: string }[] = []
    for (const daysLeft of [20, 30]) {
      const { id: gone } = await upload(`gone ${daysLeft}`, daysLeft)
      const { id } = await upload(`branch ${daysLeft}`, daysLeft + 5, gone)
      await sql`update certificate set closed_as = 'closed', closed_at = now(), renews_certificate_id = ${forked.id}
        where id = ${gone}`.execute(db)
      branches.push({ gone, id })
    }
    await up(db as never)
    const [earlier, later] = await Promise.all(branches.map(({ id }) => get(id)))
    expect([earlier?.renewsCertificateId, later?.renewsCertificateId]).toEqual([branches[0]?.gone, forked.id])
    expect((await get(whole.fourth)).renewsCertificateId).toBe(whole.first)
    expect((await get(renewed.fourth)).renewsCertificateId).not.toBe(renewed.first)
  })

  test('what was bought to renew one that is deleted follows the one before it', async () => {
    const { client } = account
    const first = await upload('shop', 5)
    const second = await upload('second', 20, first.id)
    const bought = await buyCertificate(account, { productId: PRIVATE_SINGLE, renewsCertificateId: second.id })
    await sql`update renewal set state = 'closed' where account_id = ${account.accountId}`.execute(service.services.db)
    await client.certificates.remove({ id: second.id })
    expect(await get(first.id)).toMatchObject({ renewedByCertificateId: bought.id, nextStep: { code: 'renewed' } })
    expect(await list({ sort: 'expiry' })).toEqual(['shop', bought.name])
    await runRound(service)
    expect((await client.notices.list({ certificateId: first.id })).items).toEqual([])
    await sql`update certificate set revoked_at = ${new Date(clock.now())} where id = ${bought.id}`.execute(service.services.db)
    expect(await get(first.id)).toMatchObject({ renewedByCertificateId: null, renewal: { eligible: true } })
    expect(await list({ waitsFor: 'ordered' })).toEqual(['shop'])
    await runRound(service)
    expect((await client.notices.list({ certificateId: first.id })).items).toMatchObject([{ kind: 'expiry' }])
  })

  test('with a site that is watched the old one is told of until the new one is served there', async () => {
    const { client } = account
    const first = await upload('shop', 32)
    const site = await client.endpoints.create({ certificateId: first.id, host: '127.0.0.1', port: 9, protocol: 'tls' })
    const second = await upload('second', 80, first.id)
    expect((await client.endpoints.get({ id: site.id })).certificateId).toBe(first.id)
    clock.moveTo(DEFAULT_START + 4 * DAY_MS)
    await runRound(service)
    const told = async () => (await client.notices.list({ certificateId: first.id })).items.map(({ kind }) => kind)
    expect(await told()).toEqual(['expiry'])
    expect(await list({ waitsFor: 'installed' })).toEqual(['shop', 'second'])
    await client.endpoints.remove({ id: site.id })
    expect(await list({ waitsFor: 'installed' })).toEqual([])
    const moved = await client.endpoints.create({ certificateId: first.id, host: '127.0.0.1', port: 9, protocol: 'tls' })
    expect(moved.certificateId).toBe(second.id)
    clock.moveTo(DEFAULT_START + 20 * DAY_MS)
    await runRound(service)
    expect(await told()).toEqual(['expiry'])
  })
})
