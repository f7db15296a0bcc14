/**
 * What the endpoints of some certificates have to serve, in one query.
 *
 * @module
 */
import { hash, X509Certificate } from 'node:crypto'
import { sql } from 'kysely'
import type { SiteKeyKind, VerifyRequest } from '@evercert/pki/probe'
import type { Db } from '../../db/connect.ts'
import { toMs } from '../../db/time.ts'
import type { Trx } from '../../db/transition.ts'

export interface ProofExpectation {
  readonly certificateId: string
  readonly accountId: string
  readonly issuanceId: string
  readonly expected: NonNullable<VerifyRequest['expected']>
  readonly trustedRootsPem: readonly string[]
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
  readonly servedAt: number | null
  /** Cancelled, refunded, deleted or revoked: nobody waits for its proof. */
  readonly closed: boolean
}

/** @param ownKind null: nobody else has the place, so all that is served there counts */
export function ofKind({ expected }: ProofExpectation, ownKind: SiteKeyKind | null): ProofExpectation['expected'] {
  return ownKind === null ? expected : { ...expected, onlyKey: ownKind }
}

interface Row {
  readonly id: string
  readonly account_id: string
  readonly issuance_id: string
  readonly served_at: Date | null
  readonly closed: boolean
  readonly sha256: string
  readonly chain_pem: string
  readonly not_before: Date
  readonly not_after: Date
  readonly root_pem: string | null
  readonly authority_root_pem: string | null
  readonly previous_sha256: string | null
}

/** Of those that have an issuance. What was served before is the issuance that a reissue replaces, or the certificate that it renews. */
export async function loadExpectations(
  db: Db | Trx,
  certificateIds: readonly string[],
): Promise<ReadonlyMap<string, ProofExpectation>> {
  const { rows } = await sql<Row>`
    select c.id, c.account_id, c.issuance_id, c.served_at, (c.closed_as is not null or c.revoked_at is not null) as closed,
      i.sha256, i.chain_pem, i.not_before, i.not_after, iss.root_pem, ca.root_pem as authority_root_pem,
      coalesce(p.sha256, o.sha256) as previous_sha256
    from certificate c
      join issuance i on i.id = c.issuance_id and i.account_id = c.account_id
      left join application a on a.id = i.application_id
      left join issuer iss on iss.id = a.issuer_id
      left join ca_authority ca on ca.id = iss.id
      left join lateral (select q.sha256 from issuance q where q.certificate_id = c.id and q.account_id = c.account_id
        and q.id <> c.issuance_id order by q.id desc limit 1) p on true
      left join certificate old on old.id = c.renews_certificate_id and old.account_id = c.account_id
      left join issuance o on o.id = old.issuance_id
    where c.id = any(${[...new Set(certificateIds)]}::text[])`.execute(db)
  return new Map(rows.map((row) => [row.id, toExpectation(row)]))
}

function toExpectation(row: Row): ProofExpectation {
  return {
    certificateId: row.id,
    accountId: row.account_id,
    issuanceId: row.issuance_id,
    expected: { sha256: row.sha256, previousSha256: row.previous_sha256, ...readChain(row.chain_pem) },
    trustedRootsPem: [row.root_pem, row.authority_root_pem].filter((pem) => pem !== null),
    notBefore: toMs(row.not_before),
    notAfter: toMs(row.not_after),
    servedAt: toMs(row.served_at),
    closed: row.closed,
  }
}

type ChainFacts = Pick<NonNullable<VerifyRequest['expected']>, 'keyKind' | 'intermediatesSha256'>

/** Chains above a leaf are few: what is known of one is kept. */
const MAX_KEPT = 1000
const known = new Map<string, readonly string[]>()

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

function readChain(chainPem: string): ChainFacts {
  const [leaf = '', ...above] = chainPem.match(PEM) ?? []
  const text = above.join('\n')
  const intermediatesSha256 = known.get(text) ?? above.flatMap(intermediateSha256)
  if (known.size >= MAX_KEPT) known.clear()
  known.set(text, intermediatesSha256)
  const type = leaf === '' ? undefined : new X509Certificate(leaf).publicKey.asymmetricKeyType
  const keyKind = type === 'ec' ? 'ecdsa' : type === 'rsa' ? 'rsa' : 'other'
  // An upload of a leaf alone: whether it has intermediates is not known.
  return above.length === 0 ? { keyKind } : { intermediatesSha256, keyKind }
}

function intermediateSha256(pem: string): readonly string[] {
  const certificate = new X509Certificate(pem)
  // A root in the chain need not be sent (RFC 8446 §4.4.2).
  return certificate.subject === certificate.issuer ? [] : [hash('sha256', certificate.raw)]
}
