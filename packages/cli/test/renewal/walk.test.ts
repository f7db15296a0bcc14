import { problemDocument } from '@evercert/contract'
import { describe, expect, it } from 'vitest'
import { renewCommand, toServedDocument, type RenewOptions } from '../../src/commands/renew.ts'
import { createSay } from '../../src/language.ts'
import { createProgress } from '../../src/progress.ts'
import { findOld, orderKey } from '../../src/renewal/load-facts.ts'
import { createSession } from '../../src/session.ts'
import { describeValidation, walkRenewal, type WalkResult } from '../../src/renewal/walk.ts'
import { aCertificate, aFreshCertificate, aRenewal, aShell, notRenewable } from '../builders.ts'
import { createFakeService, type FakeService } from './fake-service.ts'

const SERVICE_URL = 'http://127.0.0.1:8470'

interface Wish {
  readonly confirm?: () => Promise<boolean>
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly wantedMethod?: 'file' | 'dnsManual'
}

function walk({ client }: FakeService, wish: Wish = {}) {
  let shown = ''
  const progress = createProgress({ stream: { write: (text) => (shown += text) }, env: {} })
  const result: Promise<WalkResult> = walkRenewal({
    client,
    serviceUrl: SERVICE_URL,
    oldId: 'crt_old',
    completeOrder: () => Promise.resolve({}),
    completeForm: ({ form }) => Promise.resolve(form),
    wantedMethod: wish.wantedMethod ?? null,
    progress,
    say: createSay('en'),
    confirm: wish.confirm ?? (() => Promise.resolve(true)),
    signal: wish.signal ?? new AbortController().signal,
    timeoutMs: wish.timeoutMs ?? null,
    pollMs: 1,
  })
  return { result, progress, shown: () => shown }
}

/** The calls of a run that nobody interrupts. */
async function callsOfOneRun(): Promise<number> {
  const service = createFakeService()
  await walk(service).result
  return service.calls.length
}

describe('walkRenewal', () => {
  it('goes through every step to the proof', async () => {
    const service = createFakeService()
    const { result, progress } = walk(service)
    expect((await result).result).toBe('served')
    const names = progress.steps.map(({ name }) => name)
    expect(names).toEqual(['quote', 'order', 'payment', 'application', 'validation', 'issuance', 'proof'])
  })

  it.each(['before', 'after'] as const)('never doubles anything, interrupted %s any call and run again', async (moment) => {
    const count = await callsOfOneRun()
    for (let at = 1; at <= count; at++) {
      const service = createFakeService()
      let seen = 0
      service.onCall = (_call, when) => {
        if (when === moment && ++seen === at) throw new Error('interrupted')
      }
      await expect(walk(service).result).rejects.toThrow('interrupted')
      expect((await walk(service).result).result).toBe('served')
      expect([service.orders.length, service.payments(), service.submissions()], `call ${at}`).toEqual([1, 1, 1])
    }
  })

  it('buys nothing when the offer is declined', async () => {
    const service = createFakeService()
    expect((await walk(service, { confirm: () => Promise.resolve(false) }).result).result).toBe('declined')
    expect(service.orders).toEqual([])
  })

  it('asks again before it pays an order of an earlier run, and only once in a run', async () => {
    const service = createFakeService()
    service.onCall = (call, when) => {
      if (call === 'orders.pay' && when === 'before') throw new Error('interrupted')
    }
    await expect(walk(service).result).rejects.toThrow('interrupted')
    service.onCall = () => undefined
    let asked = 0
    const confirm = () => Promise.resolve((asked += 1) > 0)
    await walk(service, { confirm }).result
    await walk(createFakeService(), { confirm }).result
    expect(asked).toBe(2)
  })

  it('ends at once when it is broken off while it waits', async () => {
    const controller = new AbortController()
    const service = createFakeService()
    service.onCall = (call) => {
      if (call === 'applications.submit') controller.abort()
    }
    await expect(walk(service, { signal: controller.signal }).result).rejects.toThrow('interrupted')
  })

  it('gives up waiting after the time-out, and goes on the next time', async () => {
    const service = createFakeService()
    await expect(walk(service, { timeoutMs: 0 }).result).rejects.toMatchObject({ problem: { code: 'timedOut' } })
    expect((await walk(service).result).result).toBe('served')
  })
})

/** The whole command, its client the fake service's. */
function runRenew(
  { client }: FakeService,
  wanted: string,
  { json = true, isTTY = false, ...options }: RenewOptions & { readonly json?: boolean; readonly isTTY?: boolean } = {
    yes: true,
  },
) {
  const shell = aShell({}, { isTTY })
  const session = createSession(shell, 'en', { json })
  const connection = () => Promise.resolve({ url: SERVICE_URL, token: null })
  return { shell, code: renewCommand({ ...session, client: () => Promise.resolve(client), connection }, wanted, options) }
}

describe('evercert renew --json', () => {
  it.each([
    [false, ''],
    [true, 'Order'],
  ])('leaves stderr to the problem, unless it is a terminal (%s), and stdout empty', async (isTTY, shown) => {
    const { code, shell } = runRenew(createFakeService(), 'crt_old', { yes: true, timeout: '0', isTTY })
    const facts = { phase: 'validation', command: 'evercert renew crt_old' }
    await expect(code).rejects.toMatchObject({ problem: { code: 'timedOut', facts } })
    expect(shell.out()).toBe('')
    if (isTTY) expect(shell.err()).toContain(shown)
    else expect(shell.err()).toBe(shown)
  })

  it.each(['certificates.get', 'applications.submit'])('is one problem document when it is interrupted at %s', async (moment) => {
    const service = createFakeService()
    const { code, shell } = runRenew(service, 'crt_old')
    service.onCall = (call) => {
      if (call === moment) shell.interrupt()
    }
    expect(await code).toBe(130)
    const { code: problem, remedy } = problemDocument.parse(JSON.parse(shell.err()))
    expect([problem, remedy.en]).toEqual(['interrupted', 'Run "evercert renew crt_old" to go on.'])
    expect(shell.out()).toBe('')
  })
})

describe('evercert renew of what is renewed already', () => {
  it('gives the result of a run that waited, however it is named', async () => {
    const service = createFakeService()
    const waited = walk(service)
    const { steps: _, ...expected } = toServedDocument((await waited.result).facts, waited.progress)
    expect(expected).toMatchObject({ result: 'served', old: { id: 'crt_old' }, new: { id: 'crt_new' } })
    for (const wanted of ['crt_old', 'crt_new', 'shop.example.com']) {
      const { code, shell } = runRenew(service, wanted)
      expect(await code).toBe(0)
      expect(JSON.parse(shell.out())).toEqual({ ...expected, steps: [] })
    }
  })

  it('says so when an address serves something else by now', async () => {
    for (const [strays, heading] of [
      [false, '✔ Served: every address'],
      [true, '! It was served at every address; now one of them says otherwise.'],
    ] as const) {
      const service = createFakeService({ strays })
      await walk(service).result
      const { code, shell } = runRenew(service, 'crt_old', { yes: true, json: false })
      expect(await code).toBe(0)
      expect(shell.out()).toContain(heading)
    }
  })

  it('follows the renewal of what is a renewal itself', async () => {
    const service = createFakeService({ isRenewalItself: true })
    expect((await walk(service).result).result).toBe('served')
    expect(await runRenew(service, 'crt_old').code).toBe(0)
    expect([service.orders.length, service.payments()]).toEqual([1, 1])
  })
})

it('deploys again, once and said so, where an earlier run failed', async () => {
  for (const isMended of [true, false]) {
    const service = createFakeService({ deploymentFails: true })
    await expect(walk(service).result).rejects.toMatchObject({ problem: { code: 'deployRefused' } })
    expect(service.calls).not.toContain('targets.deploy') // what this run saw fail
    service.mended = isMended
    const again = walk(service)
    if (isMended) expect((await again.result).result).toBe('served')
    else await expect(again.result).rejects.toMatchObject({ problem: { code: 'deployRefused' } })
    expect(service.calls.filter((call) => call === 'targets.deploy')).toHaveLength(1)
    expect(again.shown()).toContain('Deploying again to "nginx", where it failed before.')
  }
})

describe('a deployment that fails while it is waited for', () => {
  it('for good ends it at once, with the remedy, though nobody is asked for attention yet', async () => {
    const { result } = walk(createFakeService({ deploymentFails: true, staysOpen: true }))
    await expect(result).rejects.toMatchObject({
      problem: {
        code: 'deployRefused',
        detail: expect.stringContaining('"nginx": refused') as string,
        remedy: { en: expect.stringContaining('evercert renew crt_old') as string },
      },
      detailZh: expect.stringContaining('“nginx”：refused') as string,
    })
  })

  it('and is tried again soon is waited for, with the instant of the next try', async () => {
    const { result, shown } = walk(createFakeService({ deploymentFails: true, retryAfterMs: 60_000 }))
    expect((await result).result).toBe('served')
    expect(shown()).toContain('Not deployed to nginx: refused\n    It is tried again by itself at 2026-11-23 06:01:00 UTC.')
  })

  it('and is tried again much later ends it, and says when that is', async () => {
    const { result } = walk(createFakeService({ deploymentFails: true, retryAfterMs: 60_001 }))
    await expect(result).rejects.toMatchObject({
      problem: {
        code: 'deployRefused',
        remedy: {
          en: expect.stringContaining('tries again by itself at 2026-11-23 06:01:00 UTC') as string,
          zh: expect.stringContaining('将于 2026-11-23 06:01:00 UTC 自动重试') as string,
        },
      },
    })
  })
})

describe('an application that an earlier run submitted', () => {
  it('goes on as it is, and says how to submit another way', async () => {
    const shown = []
    for (const wantedMethod of ['dnsManual', 'file'] as const) {
      const service = createFakeService()
      service.onCall = (call, moment) => {
        if (call === 'applications.submit' && moment === 'after') throw new Error('interrupted')
      }
      await expect(walk(service).result).rejects.toThrow('interrupted')
      service.onCall = () => undefined
      const again = walk(service, { wantedMethod })
      await again.result
      shown.push(again.shown().includes('evercert apply crt_new --withdraw'))
    }
    expect(shown).toEqual([true, false])
  })
})

describe('orderKey', () => {
  it('stays the same until an order was given up', () => {
    expect(orderKey('crt_old', [])).toBe('renew-crt_old-1')
    expect(orderKey('crt_old', [{ state: 'placed' }])).toBe('renew-crt_old-1')
    expect(orderKey('crt_old', [{ state: 'cancelled' }, { state: 'expired' }])).toBe('renew-crt_old-3')
  })
})

describe('findOld', () => {
  const service = createFakeService()

  it('is the certificate itself when it can be renewed', async () => {
    const named = aCertificate({ renewsCertificateId: 'crt_older' })
    expect(await findOld(service.client, named)).toBe(named)
  })

  it('is the one that an unfinished renewal renews', async () => {
    const named = aFreshCertificate({ renewalProcess: aRenewal({ state: 'open', newCertificateId: 'crt_new' }) })
    expect((await findOld(service.client, named)).id).toBe('crt_old')
  })

  it('is the one that a closed renewal renewed, as long as the next one is not due', async () => {
    const renewalProcess = aRenewal({ state: 'closed', newCertificateId: 'crt_new' })
    const named = aFreshCertificate({ renewalProcess, renewal: notRenewable('renewalNotYetOpen') })
    expect((await findOld(service.client, named)).id).toBe('crt_old')
    for (const renewal of [
      notRenewable('certificateExpired'),
      notRenewable('certificateRevoked'),
      { ...notRenewable('entitlementContinues'), action: 'reissue' as const },
    ]) {
      const itself = aFreshCertificate({ renewalProcess, renewal })
      expect(await findOld(service.client, itself)).toBe(itself)
    }
  })

  it('is the certificate itself when it was never renewed', async () => {
    const named = aCertificate({ renewal: notRenewable('renewalNotYetOpen') })
    expect(await findOld(service.client, named)).toBe(named)
  })

  it('is the certificate itself when it is an upload that follows another', async () => {
    const named = aFreshCertificate({ origin: 'uploaded', renewalProcess: null, renewal: notRenewable('renewalNotYetOpen') })
    expect(await findOld(service.client, named)).toBe(named)
  })
})

describe('describeValidation', () => {
  const validation = {
    domain: 'shop.example.com',
    state: 'pending' as const,
    problem: null,
    validatedAt: null,
    reused: false,
    servers: [],
    serversAskedAt: null,
    forwardTo: null,
  }

  it('shows where the file goes and what is in it', () => {
    const location = 'http://shop.example.com/.well-known/pki-validation/fileauth.txt'
    const file = { ...validation, method: 'file' as const, location, content: 'token\n' }
    const lines = ['File for shop.example.com:', `  ${location}`, '  token']
    expect(describeValidation(file, { say: createSay('en'), serviceUrl: SERVICE_URL })).toEqual(lines)
    const forwardTo = 'https://evercert.example/acc_1/.well-known/'
    // Without a public address of its own the service gives a path: it is told with the address at which the service was called.
    for (const [given, whole] of [
      [forwardTo, forwardTo],
      ['/acc_1/.well-known/', 'http://127.0.0.1:8470/acc_1/.well-known/'],
    ] as const)
      expect(describeValidation({ ...file, forwardTo: given }, { say: createSay('en'), serviceUrl: SERVICE_URL })).toEqual([
        ...lines,
        `  or forward /.well-known/ of the site to ${whole} (with the Host header)`,
      ])
  })

  it('shows the DNS record, without what would drive the terminal', () => {
    const record = { ...validation, method: 'dns' as const, location: '_dnsauth.shop.example.com', content: 'value\u001B[2J' }
    expect(describeValidation(record, { say: createSay('zh'), serviceUrl: SERVICE_URL })[1]).toBe(
      '  _dnsauth.shop.example.com  TXT  "value"',
    )
  })
})
