/**
 * What an uploaded certificate tells of its specification; null where it does not. Uploads that are there already are read again.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { parseCertificate, PkiError } from '@evercert/pki'
import { knowSpecification, type ReadSpecification } from '../../domain/product/known-specification.ts'

const BATCH = 500

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table issuance
    add column known_domain_type text
      check (known_domain_type in ('single', 'multi', 'wildcard', 'multiWildcard', 'mixed')),
    add column known_certificate_type text check (known_certificate_type in ('DV', 'OV', 'EV')),
    add column known_brand text`.execute(db)
  await readUploadsAgain(db)
}

/** Safe to repeat. */
export async function readUploadsAgain(db: Kysely<unknown>): Promise<void> {
  for (let after = ''; ;) {
    const { rows } = await sql<{ id: string; chain_pem: string }>`select issuance.id, issuance.chain_pem from issuance
      join certificate on certificate.issuance_id = issuance.id
      where certificate.origin = 'uploaded' and issuance.id > ${after} order by issuance.id limit ${BATCH}`.execute(db)
    if (rows.length === 0) return
    const known = rows.map(({ id, chain_pem: pem }) => ({ id, ...read(pem) }))
    await sql`update issuance set known_domain_type = known.domain_type, known_certificate_type = known.certificate_type,
        known_brand = known.brand
      from unnest(${known.map(({ id }) => id)}::text[], ${known.map(({ domainType }) => domainType)}::text[],
          ${known.map(({ certificateType }) => certificateType)}::text[], ${known.map(({ brand }) => brand)}::text[])
        as known (id, domain_type, certificate_type, brand)
      where issuance.id = known.id`.execute(db)
    after = rows.at(-1)?.id ?? after
  }
}

const NOTHING: ReadSpecification = { domainType: null, certificateType: null, grade: null, brand: null }

/** A certificate that an earlier release could read and this one cannot is no reason not to start. */
function read(pem: string): ReadSpecification {
  try {
    return knowSpecification(parseCertificate(pem))
  } catch (error) {
    if (error instanceof PkiError) return NOTHING
    throw error
  }
}
