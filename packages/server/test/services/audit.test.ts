import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditVerification } from '@evercert/contract'
import { AUDIT_CHECKPOINT_TYPE, jwkThumbprint, signStatement } from '@evercert/pki'
import { sealAudit } from '../../src/services/audit/seal.ts'
import { retainAudit } from '../../src/services/audit/retention.ts'
import { insertEntry, type AuditEvent } from '../../src/services/audit/log.ts'
import { anAccount, anIssuedCertificate, type TestAccount } from '../support/builders.ts'
import { eachDatabase, isPostgres } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const NEVER_MS = 2_000_000_000

const anEvent = (wish: Partial<AuditEvent> = {}): AuditEvent => ({
  accountId: null,
  actor: 'ada@example.com',
  actorKind: 'user',
  actorId: 'usr_1',
  action: 'tokens.create',
  subject: 'tokens',
  subjectId: 'tok_1',
  address: '192.0.2.1',
  requestId: 'req-1',
  details: { name: '脚本' },
  ...wish,
})

eachDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: { sealMs: NEVER_MS } })
    account = await anAccount(service)
    await anIssuedCertificate(account)
    await sealAudit(service.services)
    for (let count = 0; count < 5; count += 1) await write()
    await sealAudit(service.services)
    await write()
    await sealAudit(service.services)
  })
  afterAll(() => service.stop())

  const write = (wish: Partial<AuditEvent> = {}) => insertEntry(service.services.db, anEvent(wish), 'done', service.clock.now())
  const verify = (checkpoint: string | null = null): Promise<AuditVerification> => service.client.audit.verify({ checkpoint })
  const newest = async () => (await service.client.audit.checkpoints({ limit: 1 })).items[0]

  /** With the database's own guards off, in a transaction that is then rolled back: what `verify` says in it. */
  async function tampered(
    change: (run: (statement: string) => Promise<unknown>) => Promise<unknown>,
    kept: string | null = null,
  ) {
    const { db } = service.services
    const guard = async (how: 'disable' | 'enable'): Promise<void> => {
      for (const table of ['history', 'audit_entry', 'audit_batch'])
        await sql.raw(`alter table ${table} ${how} trigger user`).execute(db)
    }
    const tables = ['history', 'audit_entry', 'audit_batch', 'audit_head']
    for (const table of tables) await sql.raw(`create table kept_${table} as select * from ${table}`).execute(db)
    await guard('disable')
    try {
      await change((statement) => sql.raw(statement).execute(db))
      return await verify(kept)
    } finally {
      for (const table of tables) {
        await sql.raw(`delete from ${table}`).execute(db)
        const overriding = ['history', 'audit_entry'].includes(table) ? 'overriding system value' : ''
        await sql.raw(`insert into ${table} ${overriding} select * from kept_${table}`).execute(db)
        await sql.raw(`drop table kept_${table}`).execute(db)
      }
      await guard('enable')
    }
  }

  test('history and entries are chained and signed, and hold', async () => {
    const report = await verify()
    expect(report).toMatchObject({ fault: null, from: 0, unsealed: 0, keptTooOld: false })
    expect(report.records).toBeGreaterThan(12)
    expect(report.position).toBe(report.records)
    expect(await verify((await newest())?.jws ?? null)).toEqual(report)
  })

  test('the database refuses what would change it', async () => {
    const { db } = service.services
    for (const statement of [
      `update history set actor = 'eve'`,
      `delete from history`,
      `truncate history`,
      `update audit_entry set actor = 'eve'`,
      `delete from audit_entry`,
      `truncate audit_entry`,
      `update audit_batch set jws = ''`,
      `delete from audit_batch`,
    ])
      await expect(sql.raw(statement).execute(db)).rejects.toThrow(/nothing of (history|audit_\w+) is changed or removed/)
  })

  describe('each column, altered by whoever can write to the database', () => {
    const HISTORY = [
      `account_id = (select id from account where id <> account_id limit 1)`,
      `certificate_id = 'crt_other'`,
      `subject = 'order2'`,
      `subject_id = 'other'`,
      `from_state = 'paid2'`,
      `to_state = 'paid2'`,
      `actor = 'eve'`,
      `detail = 'nothing'`,
      `at = at + interval '1 microsecond'`,
    ]
    const ENTRY = [
      `account_id = (select id from account limit 1)`,
      `actor = 'eve'`,
      `actor_kind = 'token'`,
      `actor_id = null`,
      `action = 'tokens.remove'`,
      `subject = 'token2'`,
      `subject_id = 'tok_2'`,
      `outcome = 'refused'`,
      `address = '192.0.2.2'`,
      `request_id = 'req-2'`,
      `details = '{"name": "脚本"}'`,
      `at = at - interval '1 microsecond'`,
    ]
    const BATCH = [
      `rows[1] = rows[2], rows[2] = rows[1]`,
      `rows = rows[2:]`,
      `salts = set_byte(salts, 40, 255 - get_byte(salts, 40))`,
      `hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40))`,
      `at = at + interval '1 microsecond'`,
      `history_max = history_max + 1`,
      `entry_max = entry_max + 1`,
      `previous = previous - 1`,
      `jws = jws || 'x'`,
      // The last character holds bits that no byte has: lenient readers of Base64 see the same signature.
      `jws = left(jws, -1) || chr(ascii(right(jws, 1)) + 1)`,
      `jws = (select jws from audit_batch order by position desc limit 1)`,
      `removed = true`,
    ]

    test.each(HISTORY)('history: %s', async (change) => {
      const report = await tampered((run) => run(`update history set ${change} where id = (select max(id) - 3 from history)`))
      expect(report.fault).toMatchObject({ kind: 'altered' })
      const place = await positionOf(`(select max(id) - 3 from history)`)
      expect(report.fault?.position).toBe(place)
    })

    test.each(ENTRY)('entry: %s', async (change) => {
      const report = await tampered((run) =>
        run(`update audit_entry set ${change} where id = (select max(id) - 3 from audit_entry)`),
      )
      expect(report.fault).toMatchObject({ kind: 'altered', position: await positionOf(`(select 3 - max(id) from audit_entry)`) })
    })

    test.each(BATCH)('batch: %s', async (change) => {
      const middle = `(select position from audit_batch order by position desc offset 1 limit 1)`
      const report = await tampered((run) => run(`update audit_batch set ${change} where position = ${middle}`))
      expect(report.fault).not.toBeNull()
    })

    test('one byte of any text and of all bytes', async () => {
      const cells = await findCells()
      expect(cells.length).toBeGreaterThan(100)
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: cells.length - 1 }), fc.nat(), async (index, place) => {
          const { table, key, id, column, type, length } = cells[index] as Cell
          const at = place % length
          const altered =
            type === 'bytea'
              ? `set_byte(${column}, ${at}, 255 - get_byte(${column}, ${at}))`
              : `overlay(${column} placing case substr(${column}, ${at + 1}, 1) when 'x' then 'y' else 'x' end from ${at + 1} for 1)`
          let isRefused = false // by the column's own check or reference: such are altered to what those allow above
          const report = await tampered((run) =>
            run(`update ${table} set ${column} = ${altered} where ${key} = ${id}`).catch(() => (isRefused = true)),
          )
          expect(report.fault === null).toBe(isRefused)
        }),
        { numRuns: 30 },
      )
    })

    interface Cell {
      readonly table: string
      readonly key: string
      readonly id: number
      readonly column: string
      readonly type: string
      /** Characters, or bytes. */
      readonly length: number
    }

    async function findCells(): Promise<Cell[]> {
      const cells: Cell[] = []
      for (const [table, key] of [
        ['history', 'id'],
        ['audit_entry', 'id'],
        ['audit_batch', 'position'],
      ] as const) {
        const { rows: columns } = await sql<{ column: string; type: string }>`select column_name as column, data_type as type
          from information_schema.columns where table_name = ${table} and data_type in ('text', 'bytea')`.execute(
          service.services.db,
        )
        for (const { column, type } of columns) {
          const { rows } = await sql<{
            id: number
            length: number
          }>`select ${sql.ref(key)}::int as id, length(${sql.ref(column)}) as length
            from ${sql.table(table)} where length(${sql.ref(column)}) > 0`.execute(service.services.db)
          cells.push(...rows.map((row) => ({ table, key, column, type, ...row })))
        }
      }
      return cells
    }

    async function positionOf(id: string): Promise<number> {
      const { rows } = await sql<{ position: number }>`select previous + array_position(rows, ${sql.raw(id)}::bigint) as position
        from audit_batch where ${sql.raw(id)}::bigint = any(rows)`.execute(service.services.db)
      return Number(rows[0]?.position)
    }
  })

  describe('rows', () => {
    test('that were removed are missing at their place', async () => {
      const report = await tampered((run) => run(`delete from audit_entry where id = (select max(id) - 2 from audit_entry)`))
      expect(report.fault).toMatchObject({ kind: 'removed' })
      expect(report.fault?.position).toBe(report.fault?.through)
    })

    test('that were put in, with every hash after them made anew, fit no signature', async () => {
      const report = await tampered(async (run) => {
        await run(
          `insert into audit_entry (at, actor, actor_kind, action, outcome, details) values (now(), 'eve', 'user', 'x', 'done', '{}')`,
        )
        await run(`update audit_batch set rows = array_append(rows, (select -max(id) from audit_entry)), salts = salts || '\\x${'00'.repeat(16)}',
          hashes = hashes || '\\x${'00'.repeat(32)}' where position = (select max(position) from audit_batch)`)
      })
      expect(report.fault).not.toBeNull()
    })

    test('of the newest batches that were cut off are found by the kept checkpoint, and by what is left of them', async () => {
      const kept = (await newest())?.jws ?? null
      const whole = await tampered(async (run) => {
        await run(`delete from audit_entry where id = (select max(id) from audit_entry)`)
        await run(`delete from audit_batch where position = (select max(position) from audit_batch)`)
      }, kept)
      expect(whole.fault).toMatchObject({ kind: 'cutOff' })
      const batches = (run: (statement: string) => Promise<unknown>) =>
        run(`delete from audit_batch where position = (select max(position) from audit_batch)`)
      expect((await tampered(batches, kept)).fault).toMatchObject({ kind: 'cutOff' })
      // Where the marks follow at once, the rows that are left of it tell as well.
      if (!isPostgres(kind))
        expect((await tampered(batches)).fault).toMatchObject({
          kind: 'cutOff',
          found: expect.stringContaining('chained before') as string,
        })
    })

    test('that were signed anew by a key that somebody put into the database are forged, and the key is not published', async () => {
      const jws = (await newest())?.jws ?? ''
      const { privateKey, publicKey } = generateKeyPairSync('ed25519')
      const { kty = '', crv = '', x = '' } = publicKey.export({ format: 'jwk' })
      const id = jwkThumbprint({ kty, crv, x })
      const claims = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as object
      const forged = signStatement(claims, { id, privateKey }, AUDIT_CHECKPOINT_TYPE)
      const { db } = service.services
      // With the secret of the real key, and with one of another kind.
      for (const purpose of ['receiptKey', 'privateKey']) {
        await sql`insert into receipt_key (id, public_jwk, secret_id, created_at, retired_at) select ${id}, ${JSON.stringify({ kty, crv, x })}::jsonb,
          (select id from secret where purpose = ${purpose} limit 1), now(), now()`.execute(db)
        try {
          const report = await tampered((run) =>
            run(`update audit_batch set jws = '${forged}' where position = (select max(position) from audit_batch)`),
          )
          expect(report.fault).toMatchObject({ kind: 'checkpointForged' })
          const published = (await (await service.fetch('/.well-known/evercert-receipt-keys.json')).json()) as {
            keys: { kid: string }[]
          }
          expect(published.keys.length).toBe(1)
          expect(published.keys.map(({ kid }) => kid)).not.toContain(id)
        } finally {
          await db.deleteFrom('receipt_key').where('id', '=', id).execute()
        }
      }
    })

    test('that were altered, with the chain taken away so that the service makes it anew, are told by the kept checkpoint of the data folder', async () => {
      const { services } = service
      const kept = services.auditAnchor.read()
      expect(kept).toBe((await newest())?.jws)
      const report = await tampered(async (run) => {
        await run(`update audit_entry set actor = 'nobody' where id = (select max(id) from audit_entry)`)
        await run(`delete from audit_batch`)
        await run(`update audit_head set history_low = 0, entry_low = 0`)
        expect(await sealAudit(services, { forMs: 60_000 })).toBeGreaterThan(0)
      })
      expect(report.fault).toMatchObject({ kind: 'cutOff', found: expect.stringContaining('audit.checkpoint') as string })
      expect(services.auditAnchor.read()).toBe(kept)
      expect((await verify()).fault).toBeNull()
    })

    test('that were chained on a beginning that somebody made up are none: it was not signed, and the kept checkpoint stays', async () => {
      const { services } = service
      const kept = services.auditAnchor.read()
      const jws = `x.${Buffer.from(JSON.stringify({ position: 1_000_000 })).toString('base64url')}.x`
      const madeUp = (position: string, text: string) =>
        `insert into audit_batch (position, previous, at, rows, salts, hashes, history_max, entry_max, jws, removed)
          values (${position}, 0, now() - interval '90 days', '{}', '', '\\x${'11'.repeat(32)}', 0, 0, '${text}', true)`
      // With a signature of nobody, and with one of ours for another place.
      for (const text of [jws, kept ?? '']) {
        const report = await tampered(async (run) => {
          await run(`delete from audit_batch`)
          await run(madeUp('1000000', text))
          await write()
          expect(await sealAudit(services)).toBe(0)
        })
        expect(report.fault).not.toBeNull()
        expect(services.auditAnchor.read()).toBe(kept)
        expect(await (await service.fetch('/readyz')).text()).toBe('ready, but audit.checkpointForged')
      }
      await write()
      expect(await sealAudit(services)).toBe(1)
      expect(await (await service.fetch('/readyz')).text()).toBe('ready')
      expect(services.auditAnchor.read()).toBe((await newest())?.jws)
    })

    test('of which a checkpoint is missing after the kept one, or a beginning younger than any retention, move it no further', async () => {
      const { services } = service
      for (let count = 0; count < 2; count += 1) {
        await write()
        await sealAudit(services)
      }
      const { items } = await service.client.audit.checkpoints({ limit: 4 })
      const [last, middle, before, earlier] = items
      const attempts = [
        [before, `delete from audit_batch where position = ${middle?.position}`, 'checkpointRemoved'],
        [
          earlier,
          `update audit_batch set rows = '{}', salts = '', hashes = substring(hashes from length(hashes) - 31), history_max = 0,
            entry_max = 0, removed = true where position = ${before?.position}`,
          'cutOff',
        ],
      ] as const
      for (const [kept, statement, alarm] of attempts) {
        services.auditAnchor.write(kept?.jws ?? '')
        const report = await tampered(async (run) => {
          if (kept === earlier) await run(`delete from audit_batch where position < ${before?.position}`)
          await run(statement)
          await write()
          expect(await sealAudit(services)).toBeGreaterThan(0)
        })
        expect(report.fault).not.toBeNull()
        expect(services.auditAnchor.read()).toBe(kept?.jws)
        expect(await (await service.fetch('/readyz')).text()).toBe(`ready, but audit.${alarm}`)
      }
      services.auditAnchor.write(last?.jws ?? '')
      await write()
      await sealAudit(services)
      expect(await (await service.fetch('/readyz')).text()).toBe('ready')
    })

    test('are not said to be cut off when the kept checkpoint cannot be read', async () => {
      const { auditAnchor } = service.services
      for (const content of ['', 'not a checkpoint']) {
        writeFileSync(auditAnchor.place, content)
        expect((await verify()).fault).toMatchObject({ kind: 'keptUnreadable' })
        await write()
        expect(await sealAudit(service.services)).toBe(1)
        expect(await (await service.fetch('/readyz')).text()).toBe('ready, but audit.keptUnreadable')
        expect(auditAnchor.read()).toBe(content)
      }
      rmSync(auditAnchor.place)
      await write()
      await sealAudit(service.services)
      expect((await verify()).fault).toBeNull()
      expect(auditAnchor.read()).toBe((await newest())?.jws)
    })

    test('of the newest days are not removed by retention, whatever a line says', async () => {
      const report = await tampered(async (run) => {
        await run(
          `insert into audit_entry (at, actor, actor_kind, action, outcome, details)
            select now(), 'Evercert', 'service', 'audit.retention', 'done', jsonb_build_object('through', max(position)) from audit_batch`,
        )
        await run(`delete from history`)
        await run(`delete from audit_entry where id < (select max(id) from audit_entry)`)
        await run(`delete from audit_batch where position < (select max(position) from audit_batch)`)
        await run(`update audit_batch set rows = '{}', salts = '', hashes = substring(hashes from length(hashes) - 31), history_max = 0,
          entry_max = 0, removed = true`)
        await sealAudit(service.services, { forMs: 60_000 })
      })
      expect(report.fault).toMatchObject({ kind: 'removed', position: 1 })
      service.services.auditAnchor.write((await newest())?.jws ?? '')
    })

    test('of the beginning that were removed without a line that says so', async () => {
      const first = `(select min(position) from audit_batch)`
      const report = await tampered(async (run) => {
        await run(`delete from history where id = any((select rows from audit_batch where position = ${first})::bigint[])`)
        await run(`update audit_batch set rows = '{}', salts = '', hashes = substring(hashes from length(hashes) - 31), history_max = 0,
          entry_max = 0, removed = true where position = ${first}`)
      })
      expect(report.fault).toMatchObject({ kind: 'removed', position: 1 })
    })
  })

  test('a checkpoint of another installation is none', async () => {
    const jws = (await newest())?.jws ?? ''
    await expect(verify(`${jws.slice(0, -4)}AAAA`)).rejects.toMatchObject({ problem: { code: 'invalid' } })
  })

  test('what is sealed when the process dies before the commit is sealed by the next', async () => {
    await write()
    const before = await verify()
    const { services } = service
    const dying = {
      ...services,
      onStep: (step: string, moment: string) => {
        if (step === 'sealAudit' && moment === 'done') throw new Error('killed')
      },
    }
    await expect(sealAudit(dying)).rejects.toThrow('killed')
    expect(await verify()).toEqual(before)
    expect(before.unsealed).toBe(1)
    expect(await sealAudit(services)).toBe(1)
    expect(await verify()).toMatchObject({ fault: null, unsealed: 0, position: before.position + 1 })
  })

  test.runIf(isPostgres(kind))(
    'a row that commits late gets its place in a later batch, and two that seal at once make one chain',
    async () => {
      const { services } = service
      const [started, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const late = services.db.transaction().execute(async (trx) => {
        await insertEntry(trx, anEvent({ actor: 'late' }), 'done', service.clock.now())
        started.resolve()
        await finish.promise
      })
      await started.promise
      await write({ actor: 'early' })
      expect(await sealAudit(services)).toBe(1)
      await sealAudit(services)
      finish.resolve()
      await late
      for (let count = 0; count < 20; count += 1) await write()
      const counts = await Promise.all([sealAudit(services), sealAudit(services), sealAudit(services)])
      expect(counts.reduce((sum, count) => sum + count)).toBe(21)
      expect(await verify()).toMatchObject({ fault: null, unsealed: 0 })
    },
  )

  test('a restored database goes on, though its transactions are numbered anew', async () => {
    await sql`update audit_head set mark_xid = 9000000000000`.execute(service.services.db)
    await write()
    expect(await sealAudit(service.services)).toBe(1)
    await write()
    expect(await sealAudit(service.services)).toBe(1)
    expect(await verify()).toMatchObject({ fault: null, unsealed: 0 })
  })

  test('more than a batch holds is several batches', async () => {
    await sql`insert into history (account_id, subject, subject_id, to_state, actor, at)
      select ${account.accountId}, 'test', n::text, 'made', 'test', now() from generate_series(1, 2500) n`.execute(
      service.services.db,
    )
    const before = (await verify()).position
    expect(await sealAudit(service.services, { forMs: 60_000 })).toBe(2500)
    expect(await verify()).toMatchObject({ fault: null, unsealed: 0, position: before + 2500 })
  })

  describe('retention', () => {
    test('removes up to a checkpoint once the line that says so is chained, and the rest holds', async () => {
      const own = await startTestService({
        database: await open(),
        worker: IDLE_WORKER,
        environment: { EVERCERT_AUDIT_RETENTION_DAYS: '30' },
      })
      try {
        const { services, clock, client } = own
        const add = () => insertEntry(services.db, anEvent(), 'done', clock.now())
        for (let batch = 0; batch < 3; batch += 1) {
          await add()
          await add()
          await sealAudit(services)
        }
        const kept = (await client.audit.checkpoints({ limit: 1 })).items[0]
        clock.advanceDays(31)
        await add()
        await sealAudit(services)
        expect(await retainAudit(services)).toBe(0) // announced, and not chained yet
        await sealAudit(services)
        expect(await retainAudit(services)).toBe(kept?.position)
        expect(await retainAudit(services)).toBe(0)
        await add()
        await sealAudit(services)
        const report = await client.audit.verify({ checkpoint: kept?.jws ?? null })
        expect(report).toMatchObject({ fault: null, from: kept?.position, unsealed: 0, keptTooOld: false })
        expect(report.retentionAt).toBeGreaterThan(kept?.position ?? Infinity)
        const left = await services.db.selectFrom('audit_entry').select('id').execute()
        expect(left.length).toBe(3)
      } finally {
        await own.stop()
      }
    })
  })

  test('a new operator token is told of', async () => {
    const database = await open()
    await (await startTestService({ database, worker: IDLE_WORKER })).stop()
    const second = await startTestService({
      database,
      worker: IDLE_WORKER,
      environment: { EVERCERT_RESET_OPERATOR_TOKEN: 'true' },
    })
    try {
      const { items } = await second.client.audit.list({ installation: true, action: 'tokens' })
      expect(items).toMatchObject([
        { action: 'tokens.replaceOperator', actor: 'evercert', actorKind: 'service', outcome: 'done' },
      ])
    } finally {
      await second.stop()
    }
  })

  test('an operation that the service died in leaves a line of unknown outcome', async () => {
    const database = await open()
    const first = await startTestService({ database, worker: IDLE_WORKER })
    await first.services.audit.begin(anEvent({ subjectId: `tok_${randomBytes(4).toString('hex')}` }))
    await first.stop()
    const second = await startTestService({ database, worker: IDLE_WORKER })
    try {
      if (isPostgres(kind)) {
        second.clock.advance(3_600_000)
        expect(await second.services.audit.settle(new Date(second.clock.now() - 600_000))).toBe(1)
      }
      const { items } = await second.client.audit.list({ installation: true, outcome: 'unknown' })
      expect(items).toMatchObject([{ action: 'tokens.create', actor: 'ada@example.com' }])
    } finally {
      await second.stop()
    }
  })
})
