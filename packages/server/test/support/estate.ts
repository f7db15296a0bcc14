/**
 * One of everything that an account can have, for tests that nobody else reads or changes it.
 *
 * @module
 */
import { createHash, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import {
  aCompany,
  aForm,
  aMember,
  anUpload,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from './builders.ts'
import { tokenOf } from './browser.ts'
import { aPng } from './images.ts'
import { aServableCertificate } from './served-certificate.ts'
import { waitFor } from './wait-for.ts'

/** The id of one thing of each kind, by the name of the kind. */
export type EstateIds = Readonly<Record<string, string>>

export interface Estate {
  readonly ids: EstateIds
  /** Of the enrolled agent. */
  readonly agentCredential: string
  /** Under which the paid order was placed. */
  readonly idempotencyKey: string
  close(): Promise<void>
}

export interface HostKey {
  readonly privateKey: KeyObject
  readonly credential: string
  readonly enrolling: {
    readonly publicKeyPem: string
    readonly credentialSha256: string
    readonly hostName: string
    readonly version: string
  }
}

/** What an agent makes before it enrols. */
export function aHostKey(): HostKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const credential = `evca_${randomBytes(32).toString('base64url')}`
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const credentialSha256 = createHash('sha256').update(credential).digest('hex')
  return { privateKey, credential, enrolling: { publicKeyPem, credentialSha256, hostName: 'web1.internal', version: '0.1.0' } }
}

/** @param canary part of every name and text of it; lower-case letters and digits */
export async function anEstate(
  account: TestAccount,
  folder: string,
  canary = `canary${randomBytes(4).toString('hex')}`,
): Promise<Estate> {
  const { client, service } = account
  const upload = await anUpload(account, { daysLeft: 20, name: `${canary} upload` })
  await client.certificates.tag({ id: upload.id, add: [canary] })
  const site = aSite(service)
  const renewed = await aServableCertificate(account, site, { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE })
  const certificate = await client.certificates.rename({ id: renewed.detail.id, name: `${canary} renewed` })
  const server = await serveTls(renewed, {}, { host: '127.0.0.1' })
  const endpoint = await client.endpoints.create({ certificateId: certificate.id, host: site, port: server.port })
  const receipt = await waitFor('a receipt', async () => {
    const { servedAt } = await client.certificates.verify({ id: certificate.id })
    return servedAt === null ? null : ((await client.receipts.list({ id: certificate.id })).items[0] ?? null)
  })
  const elsewhere = await serveTls(renewed, {}, { host: '127.0.0.1' })
  const { items } = await client.discovery.look({ certificateId: certificate.id, ports: [elsewhere.port] })
  const bought = await buying(account, folder, canary)
  const ids = {
    certificate: certificate.id,
    upload: upload.id,
    renewal: certificate.renewalProcess?.id ?? '',
    endpoint: endpoint.id,
    receipt: receipt.id,
    candidate: items[0]?.id ?? '',
    ...bought.ids,
    ...(await records(account, canary)),
    ...(await people(account, certificate.id)),
  }
  const agent = await anAgent(account, `${canary}-agent`)
  return {
    ids: { ...ids, agent: agent.id },
    agentCredential: agent.credential,
    idempotencyKey: bought.idempotencyKey,
    close: () => closeAll([server, elsewhere]),
  }
}

async function closeAll(servers: readonly Running[]): Promise<void> {
  await Promise.all(servers.map((each) => each.close()))
}

/** An application under way with a target that waits for it, an order that waits for its invoice. */
async function buying(account: TestAccount, folder: string, canary: string) {
  const { client, service } = account
  const upload = await anUpload(account, { daysLeft: 20, name: `${canary} second upload` })
  const pending = await buyCertificate(account, { renewsCertificateId: upload.id, productId: PRIVATE_SINGLE })
  await client.applications.submit({ id: pending.id, ...aForm([aSite(service)], { validationMethod: 'dnsManual' }) })
  const target = await client.targets.create({
    certificateId: pending.id,
    name: `${canary} target`,
    kind: 'localFiles',
    config: { certificatePath: join(folder, `${canary}.pem`), keyPath: join(folder, `${canary}.key`), reloadCommand: ['true'] },
  })
  const idempotencyKey = randomUUID()
  const order = await client.orders.place({ productId: PRIVATE_SINGLE }, withKey(idempotencyKey))
  const invoice = `invoice-${randomBytes(4).toString('hex')}`
  const config = { instructions: 'Account 1' }
  await service.client.paymentConnections.create({ id: invoice, title: 'Invoice', kind: 'offlineInvoice', config })
  const paying = await client.orders.pay({ id: order.id, method: invoice }, withKey())
  const notice = await waitFor('a notice', async () => (await client.notices.list({})).items[0] ?? null)
  return {
    idempotencyKey,
    ids: {
      pending: pending.id,
      target: target.id,
      order: order.id,
      payment: paying.paymentPending?.id ?? '',
      notice: notice.id,
    },
  }
}

/** What applications are filled from, and what connects the account to others. */
async function records({ client }: TestAccount, canary: string) {
  const key = { algorithm: 'hmac-sha256', keyName: 'k', secret: 'c2VjcmV0' }
  const config = { server: '127.0.0.1', port: 53, zone: 'example.com', ...key }
  const dns = await client.dnsConnections.create({ name: `${canary} dns`, kind: 'rfc2136', config })
  const contact = await client.contacts.create({ name: `${canary} Ada`, email: `${canary}@example.com`, phone: '12345' })
  const company = await client.companies.create(aCompany({ name: `${canary} Ltd.` }))
  await client.companies.putDocument({ id: company.id, contentBase64: aPng().toString('base64') })
  const csr = await client.csrs.create({ name: `${canary} csr`, domains: [`${canary}.example.com`] })
  const token = await client.tokens.create({ name: `${canary} token`, scopes: ['certificates:read'] })
  const webhookUrl = 'https://qyapi.example/cgi-bin/webhook/send?key=1'
  const channel = await client.channels.create({ name: `${canary} robot`, kind: 'wecom', config: { webhookUrl } })
  return { dns: dns.id, contact: contact.id, company: company.id, csr: csr.id, token: token.id, channel: channel.id }
}

/** Members, somebody invited, and a revocation that waits for a second person. */
async function people(account: TestAccount, certificateId: string) {
  const { client } = account
  const invitation = await client.invitations.create({ email: 'bob@example.com', role: 'viewer' })
  const { link } = await client.invitations.create({ email: `eve-${randomUUID()}@example.com`, role: 'viewer' })
  const member = await client.invitations.accept({ token: tokenOf(link), password: 'a violet tractor sings', name: 'Eve' })
  const [ada] = [await aMember(account, 'owner'), await aMember(account, 'owner')]
  const guarded = { spendingLimits: null, revocation: true, keyDownload: false, tokensMayDownloadKeys: true }
  await ada.client.rules.set(guarded)
  const approval = (await refusalOf(ada.client.certificates.revoke({ id: certificateId }))).facts['approvalId']
  return { invitation: invitation.id, member: member.id, approval: String(approval) }
}

async function anAgent({ client, service }: TestAccount, name: string) {
  const { token } = await client.agents.createEnrolment({ name })
  const { credential, enrolling } = aHostKey()
  const { id } = await service.clientOf(credential).agents.enrol({ token, ...enrolling })
  return { id, credential }
}
