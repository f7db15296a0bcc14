/**
 * The renewal, step by step, as any client of the API would do it (DOMAIN §3). Each step checks what the next one relies on.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { CertificateDetail, CertificateView, OrderView, QuoteView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { waitFor } from './wait-for.ts'

/** The list filtered by "expiring soon": exactly the certificates that want attention, with what can be done. */
export async function findExpiring(client: Client): Promise<CertificateView> {
  const { items } = await client.certificates.list({ status: 'expiringSoon' })
  assert.equal(items.length, 1, `one certificate is expiring soon, not ${items.length}`)
  const [certificate] = items
  assert(certificate?.renewal.eligible, `it can be renewed: ${certificate?.renewal.reasons.map(({ text }) => text.en).join(' ')}`)
  return certificate
}

export async function quote(client: Client, old: CertificateView): Promise<QuoteView> {
  const offer = await client.quotes.create({ renewsCertificateId: old.id })
  assert(offer.sameSpecification, 'the preselected configuration is the old one')
  assert(offer.topUp.granted, 'the unused validity is topped up')
  return offer
}

export async function order(client: Client, old: CertificateView): Promise<OrderView> {
  const placed = await client.orders.place({ renewsCertificateId: old.id }, { context: { idempotencyKey: `demo-${old.id}` } })
  assert.equal(placed.state, 'placed')
  assert.equal(placed.kind, 'renewal')
  return placed
}

/** Pays twice with one key, as somebody does who clicks twice: one payment and one new certificate come of it. */
export async function pay(client: Client, { id }: OrderView): Promise<OrderView> {
  const context = { idempotencyKey: `demo-pay-${id}` }
  const [paid, again] = [
    await client.orders.pay({ id, method: 'balance' }, { context }),
    await client.orders.pay({ id, method: 'balance' }, { context }),
  ]
  assert.equal(paid.state, 'paid')
  assert.equal(again.certificateId, paid.certificateId, 'paying twice gives one certificate')
  const { entries } = await client.balance.get()
  assert.equal(entries.filter((entry) => entry.kind === 'payment' && entry.orderId === id).length, 1, 'paying twice charges once')
  return paid
}

/** The new certificate: marked as new, linked, and directly under the old one. */
export async function findLinked(client: Client, old: CertificateView): Promise<CertificateView> {
  const { items } = await client.certificates.list({})
  const at = items.findIndex(({ id }) => id === old.id)
  const linked = items[at + 1]
  assert.equal(linked?.renewsCertificateId, old.id, 'the new certificate stands directly under the old one')
  assert(linked.isNew, 'it has the "new" mark')
  assert.equal(linked.status, 'pendingApplication')
  return linked
}

/** Sends the form as it was prefilled from the old application. */
export async function apply(client: Client, linked: CertificateView, old: CertificateView): Promise<void> {
  const { form, prefilledFrom, state } = await client.applications.get({ id: linked.id })
  assert.equal(state, 'draft')
  assert.notEqual(prefilledFrom, null, 'the form is prefilled')
  assert.deepEqual(form.domains, old.domains)
  await client.applications.submit({ id: linked.id, ...form })
}

export function waitForInstallation(client: Client, fresh: CertificateDetail, signal: AbortSignal): Promise<CertificateDetail> {
  const look = async () => {
    const seen = await client.certificates.get({ id: fresh.id })
    const old = await client.certificates.get({ id: fresh.renewsCertificateId ?? fresh.id })
    const deployments = [...seen.targets, ...old.targets].map(({ deployment }) => deployment)
    const failed = deployments.find((deployment) => deployment?.state === 'abandoned')
    assert.equal(failed, undefined, `the installation succeeds: ${failed?.problem ?? ''}`)
    const isInstalled = deployments.some(
      (deployment) => deployment?.issuanceSha256 === fresh.sha256 && ['applied', 'proved'].includes(deployment.state),
    )
    return isInstalled ? seen : null
  }
  return waitFor(look, { what: 'the new certificate to be installed', signal })
}

/** Closed means: every address of every endpoint was seen to serve the new certificate. */
export function waitForClose(client: Client, fresh: CertificateDetail, signal: AbortSignal): Promise<CertificateDetail> {
  const look = async () => {
    const seen = await client.certificates.get({ id: fresh.id })
    assert.notEqual(seen.renewalProcess?.state, 'attention', `the renewal needs nobody: ${seen.nextStep.text.en}`)
    return seen.renewalProcess?.state === 'closed' ? seen : null
  }
  return waitFor(look, { what: 'the renewal to be closed', signal })
}
