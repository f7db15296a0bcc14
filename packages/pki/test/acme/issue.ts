/**
 * A whole issuance with the ACME client, polled as the core would; for the tests against real CAs.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChallengeServer } from '../../../../test/harness/challenge-server.ts'
import type { DnsServer } from '../../../../test/harness/challtestsrv.ts'
import { createRequester } from '../../../../test/harness/https-request.ts'
import type { Requester } from '../../../../test/harness/https-request.ts'
import {
  answerChallenge,
  challengeProof,
  createAcmeClient,
  downloadChain,
  finalizeOrder,
  generateAccountJwk,
  loadAccountKey,
  placeOrder,
  readAuthorization,
  readOrder,
  registerAccount,
} from '../../src/acme/index.ts'
import type { AccountRequest, AcmeAccount, AcmeClient, AcmeOrder, AcmeTransport, ChallengeType } from '../../src/acme/index.ts'
import { createCsr, generateKey } from '../../src/index.ts'
import type { PrivateKey } from '../../src/index.ts'

export interface Session {
  readonly client: AcmeClient
  readonly account: AcmeAccount
  /** Requests sent, as `POST /path`. */
  readonly sent: string[]
  close(): void
}

/** Where proofs are put. */
export interface Places {
  readonly files: ChallengeServer
  readonly dns: Pick<DnsServer, 'addTxt' | 'clearTxt'>
}

export interface Issued {
  readonly order: AcmeOrder
  readonly chainPem: string
  readonly key: PrivateKey
}

const POLLS = 200

export async function openSession(ca: { directoryUrl: string; caPem: string }, request: AccountRequest = {}): Promise<Session> {
  const { client, sent, close } = clientFor(ca)
  const account = await registerAccount(client, loadAccountKey(await generateAccountJwk()), request)
  return { client, account, sent, close }
}

export function clientFor(ca: { directoryUrl: string; caPem: string }): {
  client: AcmeClient
  sent: string[]
  close: () => void
} {
  const requester = createRequester(ca.caPem)
  const sent: string[] = []
  const client = createAcmeClient({ directoryUrl: ca.directoryUrl, transport: counted(requester, sent), now: Date.now })
  return { client, sent, close: () => requester.close() }
}

export async function issue(
  { client, account }: Session,
  places: Places,
  names: readonly string[],
  options: { type?: ChallengeType; preferredIssuer?: string } = {},
): Promise<Issued> {
  const placed = await placeOrder(client, account, { names })
  await prove({ client, account }, places, placed, options.type ?? 'http-01')
  const ready = await settle({ client, account }, placed, ['pending'])
  const key = await generateKey('p256')
  const csr = await createCsr({ key, names, commonName: names[0] ?? null })
  const finalized = await finalizeOrder(client, account, ready, csr)
  const order = await settle({ client, account }, finalized, ['pending', 'ready', 'processing'])
  const chainPem = await downloadChain(client, account, order.certificateUrl ?? '', options.preferredIssuer ?? null)
  return { order, chainPem, key }
}

/** Puts the proofs of all pending authorizations in place and answers them. */
export async function prove(
  { client, account }: Pick<Session, 'client' | 'account'>,
  places: Places,
  order: AcmeOrder,
  type: ChallengeType,
): Promise<void> {
  const authorizations = await Promise.all(order.authorizationUrls.map((url) => readAuthorization(client, account, url)))
  for (const { name, status, wildcard, challenges } of authorizations) {
    if (status !== 'pending') continue
    const challenge = challenges.find((one) => one.type === (wildcard ? 'dns-01' : type))
    if (!challenge) throw new Error(`no ${type} for ${name}`)
    const { location, content } = challengeProof(account.key, challenge, name)
    if (challenge.type === 'http-01') places.files.put(location, content)
    else await places.dns.addTxt(location, content)
    await answerChallenge(client, account, challenge.url)
  }
}

/** Reads the order until it leaves these statuses. */
export async function settle(
  { client, account }: Pick<Session, 'client' | 'account'>,
  order: AcmeOrder,
  waiting: string[],
): Promise<AcmeOrder> {
  let last = order
  for (let poll = 0; poll < POLLS && waiting.includes(last.status); poll++) {
    last = await readOrder(client, account, order.url)
    if (waiting.includes(last.status)) await sleep(Math.min(250, 10 * (poll + 1)))
  }
  return last
}

function counted(requester: Requester, sent: string[]): AcmeTransport {
  return (url, request) => {
    sent.push(`${request.method} ${new URL(url).pathname}`)
    return requester(url, request)
  }
}
