/**
 * A certificate of Pebble ends before its time: bought, served, revoked by the command while the service is killed over it, refunded,
 * and what was uploaded deleted. Real processes throughout.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EndingView, RevocationView } from '@evercert/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRoot } from '../harness/certificates.ts'
import { startPebble, type Pebble } from '../harness/pebble.ts'
import { buy, buyAndApply, connectAcme, productOf } from './support/acme.ts'
import { runEvercert, type CommandOutcome } from './support/evercert.ts'
import { openHouse, type House } from './support/house.ts'
import { install } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const SITE = 'shop.evercert.test'

let folder: string
let pebble: Pebble
let house: House

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-lifecycle-'))
  pebble = await startPebble()
  house = await openHouse({ folder, names: [SITE], environment: { EVERCERT_HTTP01_PORT: String(pebble.httpPort) } })
  await pebble.dns.addA(SITE, [house.site.address])
  await connectAcme(house, pebble, { issuerId: 'pebble', fileValidationHttpPort: pebble.httpPort })
})
afterAll(async () => {
  await house.close()
  await pebble.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** The command against the service as it runs now. */
const evercert = (...args: string[]): Promise<CommandOutcome> =>
  runEvercert({ url: house.service().url, tokenFile: join(folder, 'data', 'operator.token') }, args)

const balance = async (): Promise<number> =>
  (await house.call((client) => client.balance.get())).balances.find(({ currency }) => currency === 'CNY')?.amountMinor ?? 0

it('revoked at the CA, also when the service is killed between the CA and the record; then refunded once', async () => {
  const bought = await buy(house, { productId: productOf('pebble', 'single'), domains: [SITE] })
  const { id, serial } = bought
  await install(house, id, SITE)
  const before = await balance()

  const tooEarly = await evercert('refund', id, '--yes', '--json')
  expect([tooEarly.code, (JSON.parse(tooEarly.stderr) as { code: string }).code]).toEqual([1, 'refundNeedsRevocation'])
  const unasked = await evercert('revoke', id)
  expect([unasked.code, unasked.stderr.includes('--yes')]).toEqual([1, true])
  expect(await pebble.certificateStatus(serial ?? '')).toBe('Valid')

  await house.service().arm({ step: 'revoke', moment: 'done' }, 'SIGKILL')
  await house.call((client) => client.certificates.revoke({ id, reason: 'keyCompromise' }))
  await house.restarted(1)
  await waitFor('the revocation to be recorded', async () =>
    (await house.call((client) => client.certificates.get({ id }))).status === 'revoked' ? true : null,
  )
  expect(house.ends).toEqual(['SIGKILL'])
  expect(await pebble.certificateStatus(serial ?? '')).toBe('Revoked')

  const again = await evercert('revoke', id, '--yes', '--json')
  expect(JSON.parse(again.stdout) as RevocationView).toMatchObject({ state: 'revoked', reason: 'keyCompromise' })

  // The site goes on serving it, and everybody who looks is told.
  const { nextStep, endpoints } = await house.call((client) => client.certificates.verify({ id }))
  expect(nextStep.code).toBe('replaceRevoked')
  expect(endpoints.flatMap(({ observations }) => observations.map(({ verdict }) => verdict))).toEqual(['revoked'])

  const refunds = await Promise.all([1, 2].map(() => evercert('refund', id, '--yes', '--json')))
  for (const { code, stdout } of refunds) {
    expect(code).toBe(0)
    expect(JSON.parse(stdout) as EndingView).toMatchObject({
      status: 'refunded',
      refund: { amountMinor: 10_000 },
      order: { state: 'refunded' },
    })
  }
  expect(await balance()).toBe(before + 10_000)
  const listed = await house.call((client) => client.certificates.list({}))
  expect(listed.items.map((item) => item.id)).not.toContain(id)
})

it('revoked by the command, with the reason that it is given', async () => {
  const { id, serial } = await buy(house, { productId: productOf('pebble', 'multi'), domains: [SITE] })
  const wrong = await evercert('revoke', id, '--reason', 'boredom', '--yes')
  expect([wrong.code, wrong.stderr.includes('keyCompromise')]).toEqual([64, true])
  const { code, stdout } = await evercert('revoke', id, '--reason', 'superseded', '--yes')
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`Revoked: ${id}`) as string })
  expect(await pebble.certificateStatus(serial ?? '')).toBe('Revoked')
  const kept = await evercert('delete', id, '--yes')
  expect([kept.code, kept.stderr.includes('deleteWithoutRefund')]).toEqual([1, true])
  expect((await evercert('delete', id, '--without-refund', '--yes')).stdout).toContain(`Deleted: ${id}`)
})

it('cancelled while it waits for its validation, and the money is back', async () => {
  const before = await balance()
  const domains = [`nowhere.${SITE}`]
  const id = await buyAndApply(house, {
    productId: productOf('pebble', 'single'),
    domains,
    form: { validationMethod: 'dnsManual' },
  })
  const { code, stdout } = await evercert('cancel', id, '--yes')
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('went back to the balance') as string })
  const toppedUp = 1_000_000
  expect(await balance()).toBe(before + toppedUp)
  expect((await house.call((client) => client.applications.get({ id }))).state).toBe('withdrawn')
})

it('an upload is deleted by its name', async () => {
  const leaf = createRoot().issue({ names: ['uploaded.example.com'], notAfter: Date.now() + 60 * 86_400_000 })
  const upload = { name: 'elsewhere', certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  const { id } = await house.call((client) => client.certificates.upload(upload))
  const unasked = await evercert('delete', 'elsewhere')
  expect([unasked.code, unasked.stderr.includes('--yes')]).toEqual([1, true])
  expect(JSON.parse((await evercert('delete', 'elsewhere', '--yes', '--json')).stdout)).toEqual({ id, ending: null })
  expect((await evercert('show', 'elsewhere')).code).toBe(1)
})
