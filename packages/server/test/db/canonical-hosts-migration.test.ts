import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../src/db/connect.ts'
import { up } from '../../src/db/migrations/0066-canonical-hosts.ts'
import { eachDatabase } from '../support/databases.ts'

const AT = new Date('2026-11-23T08:00:00Z')
const later = (minutes: number): Date => new Date(AT.getTime() + minutes * 60_000)

eachDatabase((_kind, open) => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase((await open()).settings)
  })
  afterAll(() => database.close())

  test('hosts are written as they would be now; what turns out to be one place is one, with the newest proof and all that was seen', async () => {
    const { db } = database
    for (const account of ['acc_1', 'acc_2']) {
      await db.insertInto('account').values({ id: account, name: account, created_at: AT }).execute()
      for (const certificate of ['crt_a', 'crt_b'])
        await sql`insert into certificate (id, lineage_id, lineage_index, account_id, name, origin, created_at, advance_at, probe_due_at)
          values (${certificate + account}, ${certificate + account}, 0, ${account}, ${certificate}, 'uploaded', ${AT}, ${later(60)}, ${later(60)})`.execute(
          db,
        )
    }
    const endpoint = (id: string, host: string, wish: object = {}) =>
      db
        .insertInto('endpoint')
        .values({
          id,
          account_id: 'acc_1',
          certificate_id: 'crt_aacc_1',
          host,
          port: 443,
          server_name: host,
          probe_at: null,
          probed_at: null,
          both_keys_at: null,
          verdict: null,
          not_after: null,
          proved_sha256: null,
          proved_at: null,
          strayed_at: null,
          created_at: AT,
          ...wish,
        })
        .execute()
    const seen = (endpointId: string, address: string, sha256: string, at: Date) =>
      sql`insert into observation (endpoint_id, account_id, address, certificate_id, verdict, sha256, chain_sha256, cause, remedy, observed_at)
        values (${endpointId}, 'acc_1', ${address}, 'crt_aacc_1', 'served', ${sha256}, '{}', '{"en":"c"}', '{"en":"r"}', ${at})`.execute(
        db,
      )
    // Alone in its place.
    await endpoint('end_alone', 'Alone.Example.COM.')
    await endpoint('end_idn', '例子.测试', { port: 8443 })
    await endpoint('end_v6', '0:0::0001', { server_name: 'Mail.example' })
    await endpoint('end_v4', '0x7f.1', { server_name: '[0:0:0:0:0:0:0:1]' })
    await endpoint('end_odd', 'not a host')
    // One place, by four names: the best proof is neither of the oldest nor of that with the right name.
    await endpoint('end_right', 'shop.example', { proved_at: later(1), proved_sha256: 'old', probe_at: later(9) })
    await endpoint('end_proved', 'SHOP.example', {
      proved_at: later(5),
      proved_sha256: 'new',
      created_at: later(2),
      probe_at: later(30),
    })
    await endpoint('end_never', 'shop.example.', { created_at: later(-60) })
    await seen('end_right', '192.0.2.1', 'older', later(1))
    await seen('end_proved', '192.0.2.1', 'newer', later(5))
    await seen('end_never', '192.0.2.1', 'oldest', later(-60))
    await seen('end_right', '192.0.2.2', 'newer', later(6))
    await seen('end_proved', '192.0.2.2', 'older', later(5))
    await seen('end_never', '192.0.2.3', 'only', AT)
    // The same place of another certificate, and of another account.
    await endpoint('end_other', 'Shop.Example', { certificate_id: 'crt_bacc_1', proved_at: later(50) })
    await endpoint('end_foreign', 'Shop.example', { account_id: 'acc_2', certificate_id: 'crt_aacc_2' })
    // Two certificates, none by the right name: whose proof is newer has the place.
    await endpoint('end_two_a', 'Two.example', { proved_at: later(1) })
    await endpoint('end_two_b', 'tWo.example', { certificate_id: 'crt_bacc_1', proved_at: later(2) })
    const candidate = (id: string, host: string, at: Date) =>
      sql`insert into endpoint_candidate (id, account_id, host, port, server_name, protocol, addresses, observed_at)
        values (${id}, 'acc_1', ${host}, 443, ${host}, 'tls', '[]', ${at})`.execute(db)
    await candidate('cnd_1', 'Found.example', later(1))
    await candidate('cnd_2', 'found.example', AT)
    await sql`insert into master_key (id, seals, since) values ('mk', false, ${AT})`.execute(db)
    await sql`insert into secret (id, account_id, purpose, master_key_id, wrapped_key, ciphertext, created_at)
      values ('sec_1', 'acc_1', 'targetConfig', 'mk', '\\x01', '\\x02', ${AT})`.execute(db)
    await sql`insert into target (id, account_id, certificate_id, name, kind, config_secret_id, probe_host, probe_port, probe_server_name, created_at)
      values ('tgt_1', 'acc_1', 'crt_aacc_1', 't', 'localFiles', 'sec_1', '[::0001]', 443, '例子.测试', ${AT})`.execute(db)

    const state = async () => ({
      endpoints: await db
        .selectFrom('endpoint')
        .select(['id', 'host', 'server_name', 'created_at', 'probe_at'])
        .orderBy('id')
        .execute(),
      observations: await db.selectFrom('observation').select(['endpoint_id', 'address', 'sha256']).orderBy('address').execute(),
      candidates: await db.selectFrom('endpoint_candidate').select(['id', 'host', 'server_name']).execute(),
      probe: await db.selectFrom('target').select(['probe_host', 'probe_server_name']).execute(),
      due: await db.selectFrom('certificate').select('id').where('probe_due_at', 'is', null).execute(),
      history: await db.selectFrom('history').select(['subject_id', 'to_state', 'certificate_id']).orderBy('id').execute(),
    })
    await up(db as never)
    const after = await state()
    expect(after.endpoints.map((row) => [row.id, row.host, row.server_name])).toEqual([
      ['end_alone', 'alone.example.com', 'alone.example.com'],
      ['end_foreign', 'shop.example', 'shop.example'],
      ['end_idn', 'xn--fsqu00a.xn--0zwm56d', 'xn--fsqu00a.xn--0zwm56d'],
      ['end_odd', 'not a host', 'not a host'],
      ['end_other', 'Shop.Example', 'Shop.Example'],
      ['end_proved', 'shop.example', 'shop.example'],
      ['end_two_a', 'Two.example', 'Two.example'],
      ['end_two_b', 'two.example', 'two.example'],
      ['end_v4', '127.0.0.1', '::1'],
      ['end_v6', '::1', 'mail.example'],
    ])
    expect(after.endpoints.find(({ id }) => id === 'end_proved')).toMatchObject({ created_at: later(-60), probe_at: later(9) })
    expect(after.observations).toEqual([
      { endpoint_id: 'end_proved', address: '192.0.2.1', sha256: 'newer' },
      { endpoint_id: 'end_proved', address: '192.0.2.2', sha256: 'newer' },
      { endpoint_id: 'end_proved', address: '192.0.2.3', sha256: 'only' },
    ])
    expect(after.candidates).toEqual([{ id: 'cnd_1', host: 'found.example', server_name: 'found.example' }])
    expect(after.probe).toEqual([{ probe_host: '::1', probe_server_name: 'xn--fsqu00a.xn--0zwm56d' }])
    expect(after.due).toEqual([{ id: 'crt_aacc_1' }])
    expect(after.history).toEqual(
      ['end_right', 'end_never'].map((id) => ({ subject_id: id, to_state: 'removed', certificate_id: 'crt_aacc_1' })),
    )
    // A second time there is nothing to do.
    await up(db as never)
    expect(await state()).toEqual(after)
  })
})
