/**
 * What an uploaded certificate tells of its specification; null where it does not. Uploads that are there already are read again.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { parseCertificate } from '@evercert/pki'
import { knowSpecification } from '../../domain/product/known-specification.ts'

const BATCH = 500

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table issuance
    add column known_domain_type text
      check (known_domain_type in ('single', 'multi', 'wildcard', 'multiWildcard', 'mixed')),
    add column known_certificate_type text check (known_certificate_type in ('DV', 'OV', 'EV')),
    add column known_brand text`.execute(db)
  for (let after = ''; ;) {
    const { rows } = await sql<{ id: string; chain_pem: string }>`select issuance.id, issuance.chain_pem from issuance
      join certificate on certificate.issuance_id = issuance.id
      where certificate.origin = 'uploaded' and issuance.id > ${after} order by issuance.id limit ${BATCH}`.execute(db)
    if (rows.length === 0) return
    const known = rows.map(({ id, chain_pem: pem }) => ({ id, ...knowSpecification(parseCertificate(pem)) }))
    await sql`update issuance set known_domain_type = known.domain_type, known_certificate_type = known.certificate_type,
        known_brand = known.brand
      from unnest(${known.map(({ id }) => id)}::text[], ${known.map(({ domainType }) => domainType)}::text[],
          ${known.map(({ certificateType }) => certificateType)}::text[], ${known.map(({ brand }) => brand)}::text[])
        as known (id, domain_type, certificate_type, brand)
      where issuance.id = known.id`.execute(db)
    after = rows.at(-1)?.id ?? after
  }
}
