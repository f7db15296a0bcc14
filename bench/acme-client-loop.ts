/**
 * The reference of `renewals.ts`, in a process of its own: a bare loop over the npm package `acme-client`, with nothing stored and
 * nothing deployed. It is used the fast way: its low-level calls, one account, its own look at the challenge left out (Evercert does
 * look), and polls after 20 ms instead of its default 5 s. It prints one JSON object.
 *
 * @module
 */
import { createServer } from 'node:http'
import acme from 'acme-client'
import { inParallel } from './support/in-parallel.ts'

const FIRST_POLL_MS = 20
const LAST_POLL_MS = 500
const POLLS = 200

const { BENCH_DIRECTORY_URL = '', BENCH_HTTP_PORT = '', BENCH_NAMES = '', BENCH_CONCURRENCY = '' } = process.env
const files = new Map<string, string>()
const server = createServer((request, response) => {
  const content = files.get(request.url ?? '')
  response.writeHead(content === undefined ? 404 : 200).end(content)
})
await new Promise<void>((resolve) => server.listen(Number(BENCH_HTTP_PORT), '127.0.0.1', resolve))

const client = new acme.Client({
  directoryUrl: BENCH_DIRECTORY_URL,
  accountKey: await acme.crypto.createPrivateEcdsaKey('P-256'),
  backoffAttempts: POLLS,
  backoffMin: FIRST_POLL_MS,
  backoffMax: LAST_POLL_MS,
})
const names = BENCH_NAMES.split(',')
const startedAt = performance.now()
const cpuBefore = process.cpuUsage()
await client.createAccount({ termsOfServiceAgreed: true })
await inParallel(names, Number(BENCH_CONCURRENCY), obtain)
const ms = performance.now() - startedAt
const { user, system } = process.cpuUsage(cpuBefore)
process.stdout.write(`${JSON.stringify({ count: names.length, ms, cpuMs: (user + system) / 1000 })}\n`)
server.close()
server.closeAllConnections()
process.exit(0)

async function obtain(name: string): Promise<void> {
  const key = await acme.crypto.createPrivateEcdsaKey('P-256')
  const [, csr] = await acme.crypto.createCsr({ altNames: [name] }, key)
  const order = await client.createOrder({ identifiers: [{ type: 'dns', value: name }] })
  for (const authorization of await client.getAuthorizations(order)) {
    const challenge = authorization.challenges.find(({ type }) => type === 'http-01')
    if (challenge === undefined) throw new Error(`There is no http-01 challenge for ${name}.`)
    const path = `/.well-known/acme-challenge/${challenge.token}`
    files.set(path, await client.getChallengeKeyAuthorization(challenge))
    await client.completeChallenge(challenge)
    await client.waitForValidStatus(challenge)
    files.delete(path)
  }
  const chain = await client.getCertificate(await client.finalizeOrder(order, csr))
  if (!chain.includes('BEGIN CERTIFICATE')) throw new Error(`There is no certificate for ${name}.`)
}
