import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applicationMachine } from '../../../src/domain/application/application-machine.ts'
import {
  isJudgedAfterAnother,
  nextStep,
  type AdvanceFacts,
  type ApplicationFacts,
} from '../../../src/domain/certificate/next-step.ts'
import { deploymentMachine } from '../../../src/domain/deployment/deployment-machine.ts'
import { renewalMachine } from '../../../src/domain/renewal/renewal-machine.ts'

const NOW = Date.UTC(2026, 10, 23)

const anApplication = (facts: Partial<ApplicationFacts> = {}): ApplicationFacts => ({
  state: 'pendingValidation',
  hasCsr: false,
  orderRef: null,
  proofPublishedAt: null,
  answeredAt: null,
  retryAt: null,
  awaitsReview: false,
  ...facts,
})

const someFacts = (facts: Partial<AdvanceFacts> = {}): AdvanceFacts => ({
  closed: false,
  application: null,
  issued: false,
  deployments: [],
  endpointCount: 0,
  servedAt: null,
  probeDueAt: null,
  renewal: null,
  managed: null,
  revocation: null,
  txtRemovalAt: null,
  ...facts,
})

describe('from application to issuance', () => {
  const placed = { hasCsr: true, orderRef: 'order-1' }
  test.each<[string, Partial<ApplicationFacts>, string]>([
    ['key and CSR come before the CA', {}, 'prepareCsr'],
    ['the order comes after the CSR', { hasCsr: true }, 'placeOrder'],
    ['records of automatic DNS are put in place', placed, 'publishProof'],
    ['the proof is looked at before the CA is told', { ...placed, proofPublishedAt: NOW }, 'checkProof'],
    ['once told, the CA is asked', { ...placed, proofPublishedAt: NOW, answeredAt: NOW }, 'readOrder'],
    ['in review, the order is finalized', { ...placed, state: 'inReview' }, 'finalizeOrder'],
    ['an order that was ready at once needs no proof', { ...placed, state: 'inReview', proofPublishedAt: null }, 'finalizeOrder'],
  ])('%s', (_title, application, expected) => {
    expect(nextStep(someFacts({ application: anApplication(application) }), NOW).do).toBe(expected)
  })

  test('back-off holds every step until its time, and not a moment longer', () => {
    const application = anApplication({ retryAt: NOW + 1 })
    expect(nextStep(someFacts({ application }), NOW)).toEqual({ do: 'wait', until: NOW + 1, because: 'application' })
    expect(nextStep(someFacts({ application }), NOW + 1).do).toBe('prepareCsr')
  })

  test('a refused application rests until the user moves', () => {
    const application = anApplication({ state: 'reviewFailed' })
    expect(nextStep(someFacts({ application }), NOW)).toEqual({ do: 'rest', because: 'reviewFailed' })
  })
})

describe('from issuance to proof', () => {
  const issued = { issued: true, endpointCount: 1 }

  test('every planned deployment comes before the probe', () => {
    const deployments = [
      { id: 'a', state: 'applied', retryAt: null },
      { id: 'b', state: 'planned', retryAt: null },
    ] as const
    expect(nextStep(someFacts({ ...issued, deployments }), NOW)).toMatchObject({ do: 'deploy', deploymentId: 'b' })
  })

  test('one failing target never stops the proof of the others', () => {
    const deployments = [{ id: 'a', state: 'failed', retryAt: null }] as const
    expect(nextStep(someFacts({ ...issued, deployments }), NOW).do).toBe('probe')
  })

  test('a failed deployment is tried again when it is due', () => {
    const deployments = [{ id: 'a', state: 'failed', retryAt: NOW }] as const
    expect(nextStep(someFacts({ ...issued, deployments }), NOW)).toMatchObject({ do: 'deploy', deploymentId: 'a' })
    expect(nextStep(someFacts({ ...issued, deployments, servedAt: NOW }), NOW - 1)).toEqual({
      do: 'wait',
      until: NOW,
      because: 'deployment',
    })
  })

  test('what an own address shows is looked at after all are deployed; what endpoints show, before another is touched', () => {
    const planned = { id: 'b', state: 'planned', retryAt: null } as const
    const watched = (isOwn: boolean) =>
      ({ id: 'a', state: 'applied', retryAt: null, check: { at: NOW, isOwn, aloneUntil: NOW + 9, until: NOW + 99 } }) as const
    const stepOf = (isOwn: boolean, now: number) =>
      nextStep(someFacts({ ...issued, deployments: [watched(isOwn), planned] }), now)
    expect(stepOf(true, NOW)).toMatchObject({ do: 'deploy', deploymentId: 'b' })
    expect(stepOf(false, NOW)).toEqual({ do: 'checkDeployment', deploymentId: 'a' })
    expect(stepOf(false, NOW - 5)).toEqual({ do: 'wait', until: NOW, because: 'deployment' })
    expect(nextStep(someFacts({ ...issued, servedAt: NOW, deployments: [watched(true)] }), NOW).do).toBe('checkDeployment')
  })

  test('one whose change takes minutes to be seen holds no other up for longer than the usual moment, unless it is a canary', () => {
    const check = { at: NOW + 30, isOwn: false, aloneUntil: NOW + 9, until: NOW + 99 }
    const slow = { id: 'a', state: 'applied', retryAt: null, check } as const
    const planned = { id: 'b', state: 'planned', retryAt: null } as const
    const failed = { id: 'c', state: 'failed', retryAt: NOW + 20 } as const
    const stepOf = (now: number, ...deployments: AdvanceFacts['deployments']) =>
      nextStep(someFacts({ ...issued, deployments }), now)
    expect(stepOf(NOW, slow, planned)).toEqual({ do: 'wait', until: NOW + 9, because: 'deployment' })
    expect(stepOf(NOW + 9, slow, planned)).toMatchObject({ do: 'deploy', deploymentId: 'b' })
    expect(stepOf(NOW + 9, slow, failed)).toEqual({ do: 'wait', until: NOW + 20, because: 'deployment' })
    expect(stepOf(NOW + 20, slow, failed)).toMatchObject({ do: 'deploy', deploymentId: 'c' })
    expect(stepOf(NOW + 9, slow)).toEqual({ do: 'wait', until: NOW + 30, because: 'deployment' })
    expect(stepOf(NOW + 30, slow).do).toBe('checkDeployment')
    const canary = { ...slow, isCanary: true }
    expect(stepOf(NOW + 9, canary, planned)).toEqual({ do: 'wait', until: NOW + 30, because: 'deployment' })
  })

  test('of several whose changes show at the same endpoints, the one that was touched last is judged first', () => {
    const watched = (id: string, until: number, isOwn = false) =>
      ({ id, state: 'applied', retryAt: null, check: { at: NOW, isOwn, aloneUntil: NOW, until } }) as const
    const all = [watched('a', NOW + 1), watched('b', NOW + 2), watched('c', NOW + 3, true)]
    expect(all.map(({ id }) => isJudgedAfterAnother(all, id))).toEqual([true, false, false])
    expect(isJudgedAfterAnother([watched('a', NOW + 1), { id: 'b', state: 'rolledBack', retryAt: null }], 'a')).toBe(false)
  })

  test('a deployment that is taken back comes before everything else, when it is due', () => {
    const restoring = { id: 'a', state: 'applied', retryAt: NOW, isRestoring: true } as const
    const deployments = [{ id: 'b', state: 'planned', retryAt: null } as const, restoring]
    expect(nextStep(someFacts({ ...issued, deployments }), NOW)).toEqual({ do: 'restoreDeployment', deploymentId: 'a' })
    expect(nextStep(someFacts({ ...issued, deployments }), NOW - 1)).toMatchObject({ do: 'deploy', deploymentId: 'b' })
    const alone = someFacts({ ...issued, servedAt: NOW, deployments: [restoring] })
    expect(nextStep(alone, NOW - 1)).toEqual({ do: 'wait', until: NOW, because: 'deployment' })
  })

  test('others wait for a canary until it is proved, whatever became of it', () => {
    const other = { id: 'a', state: 'planned', retryAt: null } as const
    const canary = (state: 'planned' | 'applied' | 'rolledBack' | 'proved') =>
      ({ id: 'b', state, retryAt: null, isCanary: true }) as const
    const stepOf = (state: Parameters<typeof canary>[0]) =>
      nextStep(someFacts({ ...issued, deployments: [other, canary(state)] }), NOW)
    expect(stepOf('planned')).toMatchObject({ do: 'deploy', deploymentId: 'b' })
    expect(stepOf('applied').do).toBe('probe')
    expect(stepOf('rolledBack').do).toBe('probe')
    expect(stepOf('proved')).toMatchObject({ do: 'deploy', deploymentId: 'a' })
  })

  test('FD §3.11 a renewal closes only after every endpoint was seen to serve', () => {
    const renewal = { state: 'open' } as const
    expect(nextStep(someFacts({ ...issued, renewal }), NOW).do).toBe('probe')
    expect(nextStep(someFacts({ ...issued, renewal, servedAt: NOW }), NOW).do).toBe('closeRenewal')
    expect(nextStep(someFacts({ ...issued, renewal: { state: 'attention' }, servedAt: NOW }), NOW).do).toBe('closeRenewal')
  })

  test('without an endpoint nothing is proved, and the renewal stays open', () => {
    const facts = someFacts({ issued: true, renewal: { state: 'open' } })
    expect(nextStep(facts, NOW)).toEqual({ do: 'rest', because: 'noEndpoints' })
  })

  test('between probes it waits for the earlier of probe and deployment', () => {
    const deployments = [{ id: 'a', state: 'failed', retryAt: NOW + 5 }] as const
    expect(nextStep(someFacts({ ...issued, deployments, probeDueAt: NOW + 9 }), NOW)).toEqual({
      do: 'wait',
      until: NOW + 5,
      because: 'proof',
    })
  })
})

describe('revocation and clean-up', () => {
  test('what is being revoked is neither reissued nor installed, and the CA is asked again when it is due', () => {
    const deployments = [{ id: 'a', state: 'planned', retryAt: null }] as const
    const busy = { issued: true, deployments, application: anApplication(), endpointCount: 1 }
    expect(nextStep(someFacts({ ...busy, revocation: { retryAt: null } }), NOW)).toEqual({ do: 'revoke' })
    expect(nextStep(someFacts({ ...busy, revocation: { retryAt: NOW } }), NOW)).toEqual({ do: 'revoke' })
    const waiting = someFacts({ ...busy, revocation: { retryAt: NOW + 1 } })
    expect(nextStep(waiting, NOW)).toEqual({ do: 'wait', until: NOW + 1, because: 'revocation' })
  })

  test('the CA is asked when to renew once nothing else is to be done, and that delays nothing', () => {
    const managed = { step: 'applyManaged', at: NOW + 5, askCaAt: NOW } as const
    expect(nextStep(someFacts({ issued: true, managed }), NOW)).toEqual({ do: 'askRenewalInfo' })
    const due = { ...managed, at: NOW }
    expect(nextStep(someFacts({ issued: true, managed: due }), NOW)).toEqual({ do: 'applyManaged' })
    expect(nextStep(someFacts({ issued: true, endpointCount: 1, managed }), NOW)).toEqual({ do: 'probe' })
    const later = { ...managed, askCaAt: NOW + 1 }
    expect(nextStep(someFacts({ issued: true, managed: later }), NOW)).toEqual({ do: 'wait', until: NOW + 1, because: 'managed' })
    for (const facts of [{ closed: true }, { revocation: { retryAt: NOW + 9 } }])
      expect(nextStep(someFacts({ issued: true, managed, ...facts }), NOW).do).not.toBe('askRenewalInfo')
  })

  test('TXT records are removed when nothing else is to be done, also when the certificate has ended', () => {
    expect(nextStep(someFacts({ closed: true, txtRemovalAt: NOW }), NOW)).toEqual({ do: 'removeTxtRecords' })
    expect(nextStep(someFacts({ application: anApplication(), txtRemovalAt: NOW }), NOW).do).toBe('prepareCsr')
    const refused = someFacts({ application: anApplication({ state: 'reviewFailed' }), txtRemovalAt: NOW + 1 })
    expect(nextStep(refused, NOW)).toEqual({ do: 'wait', until: NOW + 1, because: 'txtRecords' })
    expect(nextStep(refused, NOW + 1).do).toBe('removeTxtRecords')
  })
})

describe('for all facts', () => {
  const instant = fc.option(fc.integer({ min: NOW - 10, max: NOW + 10 }), { nil: null })
  const application = fc.record({
    state: fc.constantFrom(...applicationMachine.states.filter((state) => !applicationMachine.isFinal(state))),
    hasCsr: fc.boolean(),
    orderRef: fc.option(fc.constant('order-1'), { nil: null }),
    proofPublishedAt: instant,
    answeredAt: instant,
    retryAt: instant,
    awaitsReview: fc.boolean(),
  })
  const facts = fc.record({
    closed: fc.boolean(),
    application: fc.option(application, { nil: null }),
    issued: fc.boolean(),
    deployments: fc.array(fc.record({ id: fc.string(), state: fc.constantFrom(...deploymentMachine.states), retryAt: instant }), {
      maxLength: 3,
    }),
    endpointCount: fc.nat({ max: 2 }),
    servedAt: instant,
    probeDueAt: instant,
    renewal: fc.option(fc.record({ state: fc.constantFrom(...renewalMachine.states) }), { nil: null }),
    managed: fc.option(
      fc.record({ step: fc.constantFrom('renewManaged', 'applyManaged'), at: fc.integer({ min: 0, max: NOW * 2 }) }),
      {
        nil: null,
      },
    ),
    revocation: fc.option(fc.record({ retryAt: instant }), { nil: null }),
    txtRemovalAt: instant,
  })

  test('a wait is always for a later time, so the loop never spins', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const step = nextStep(some, NOW)
        expect(step.do !== 'wait' || (step.until > NOW && Number.isFinite(step.until))).toBe(true)
      }),
    )
  })

  test('what people have not decided on is left alone, and waits for nothing but them', () => {
    fc.assert(
      fc.property(application, (some) => {
        const applying = { ...some, state: 'inReview' as const, awaitsReview: true }
        expect(nextStep(someFacts({ application: applying }), NOW)).toEqual({ do: 'rest', because: 'review' })
      }),
    )
  })

  test('what is closed is never worked on, and the CA is never called without a CSR', () => {
    fc.assert(
      fc.property(facts, (some) => {
        const step = nextStep(some, NOW)
        if (some.closed) expect(['rest', 'wait', 'removeTxtRecords']).toContain(step.do)
        if (some.closed && some.txtRemovalAt === null) expect(step.do).toBe('rest')
        expect(step.do !== 'placeOrder' || some.application?.hasCsr === true).toBe(true)
      }),
    )
  })
})
