/**
 * Signs what was proved, in the transaction that records the proof.
 *
 * @module
 */
import { hash, X509Certificate } from 'node:crypto'
import { sql } from 'kysely'
import { RECEIPT_TYPE, receiptClaims, type ReceiptClaims } from '@evercert/contract'
import { signStatement } from '@evercert/pki'
import type { AddressVerification } from '@evercert/pki/probe'
import type { Trx } from '../../db/transition.ts'
import { newId, type Services } from '../context.ts'
import type { EndpointProof } from '../probing/record.ts'
import type { ReceiptKey } from './key.ts'

export interface ProvedNow {
  readonly key: ReceiptKey
  /** Of every endpoint of one certificate, all in order. */
  readonly proofs: readonly EndpointProof[]
  /** What was served before. */
  readonly replaces: ReceiptClaims['replaces']
}

/** One receipt for each time that an issuance becomes served. */
export async function issueReceipt(services: Services, trx: Trx, { key, proofs, replaces }: ProvedNow): Promise<void> {
  const [first] = proofs
  if (first === undefined) return
  const { accountId, certificateId, issuanceId } = first.expectation
  const now = services.now()
  const id = newId(services, 'rcp')
  const claims: ReceiptClaims = {
    iss: services.publicUrl ?? 'evercert',
    jti: id,
    iat: Math.floor(now / 1000),
    software: { name: 'Evercert', version: services.version },
    certificate: await describeCertificate(trx, first),
    replaces,
    provedAt: new Date(now).toISOString(),
    endpoints: proofs.map(toEndpoint),
  }
  await trx
    .insertInto('receipt')
    .values({
      id,
      account_id: accountId,
      certificate_id: certificateId,
      issuance_id: issuanceId,
      key_id: key.id,
      jws: signStatement(receiptClaims.parse(claims), key, RECEIPT_TYPE),
      proved_at: new Date(now),
    })
    .onConflict((conflict) => conflict.columns(['issuance_id', 'proved_at']).doNothing())
    .execute()
}

interface Row {
  readonly name: string
  readonly sha256: string
  readonly serial: string
  readonly issuer: string
  readonly names: string[]
  readonly not_before: Date
  readonly not_after: Date
  readonly chain_pem: string
}

async function describeCertificate(trx: Trx, { expectation }: EndpointProof): Promise<ReceiptClaims['certificate']> {
  const { certificateId, accountId, issuanceId } = expectation
  const { rows } = await sql<Row>`select c.name, i.sha256, i.serial, i.issuer, i.names, i.not_before, i.not_after, i.chain_pem
    from certificate c join issuance i on i.id = ${issuanceId} and i.account_id = c.account_id
    where c.id = ${certificateId} and c.account_id = ${accountId}`.execute(trx)
  const [row] = rows
  if (row === undefined) throw new Error(`the certificate ${certificateId} was proved and is not there`)
  return {
    id: certificateId,
    name: row.name,
    sha256: row.sha256,
    serial: row.serial,
    issuer: row.issuer,
    names: row.names,
    notBefore: row.not_before.toISOString(),
    notAfter: row.not_after.toISOString(),
    chainSha256: (row.chain_pem.match(PEM) ?? []).map((pem) => hash('sha256', new X509Certificate(pem).raw)),
  }
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

function toEndpoint({ endpoint, verification }: EndpointProof): ReceiptClaims['endpoints'][number] {
  const { host, port, serverName } = verification
  return {
    id: endpoint.id,
    host,
    port,
    serverName,
    protocol: verification.protocol,
    addresses: verification.addresses.map(toAddress),
  }
}

function toAddress({
  address,
  observation,
  verdict,
  other,
}: AddressVerification): ReceiptClaims['endpoints'][number]['addresses'][number] {
  const seen = observation.reachable ? [{ observation, verdict }] : []
  const both = other === null ? seen : [...seen, other]
  return {
    address,
    observedAt: new Date(observation.observedAt).toISOString(),
    certificates: both.map((each) => ({
      sha256: each.observation.chain[0].sha256,
      chainSha256: each.observation.chain.map(({ sha256 }) => sha256),
      keyKind: each.observation.chain[0].keyKind,
      verdict: each.verdict,
    })),
  }
}
