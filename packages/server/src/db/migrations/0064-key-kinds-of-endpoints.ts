/**
 * Two certificates may hold an endpoint of the same place, one with an RSA and one with an ECDSA key. Each endpoint says which kind it is about;
 * one of neither kind, or of a certificate that is not issued yet, has its place for itself.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { readSiteKeyKind } from '../../domain/endpoint/site-key-kind.ts'

const BATCH = 500

const PLACE = 'account_id, host, port, server_name'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table endpoint add column key_kind text check (key_kind in ('rsa', 'ecdsa'))`.execute(db)
  await readKinds(db)
  await sql`alter table endpoint drop constraint endpoint_account_id_host_port_server_name_key`.execute(db)
  // Each kind has one, and whoever has no kind takes both. Written so that the planner sees what an equal sign implies.
  for (const [name, other] of [
    ['rsa', 'ecdsa'],
    ['ecdsa', 'rsa'],
  ])
    await sql
      .raw(`create unique index endpoint_${name}_place on endpoint (${PLACE}) where key_kind is null or key_kind <> '${other}'`)
      .execute(db)
}

async function readKinds(db: Kysely<unknown>): Promise<void> {
  for (let after = ''; ;) {
    const { rows } = await sql<{ id: string; chain_pem: string }>`select c.id, i.chain_pem from certificate c
      join issuance i on i.id = c.issuance_id
      where c.id > ${after} and exists (select from endpoint e where e.certificate_id = c.id) order by c.id limit ${BATCH}`.execute(
      db,
    )
    if (rows.length === 0) return
    await sql`update endpoint e set key_kind = known.kind
      from unnest(${rows.map(({ id }) => id)}::text[], ${rows.map((row) => readSiteKeyKind(row.chain_pem))}::text[]) as known (id, kind)
      where e.certificate_id = known.id`.execute(db)
    after = rows.at(-1)?.id ?? after
  }
}
