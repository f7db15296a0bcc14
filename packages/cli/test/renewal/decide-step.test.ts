import type { EndpointView, TargetView } from '@evercert/contract'
import { describe, expect, it } from 'vitest'
import { decideStep, type RenewalFacts, type Step } from '../../src/renewal/decide-step.ts'
import {
  aCertificate,
  aFreshCertificate,
  anApplication,
  anEndpoint,
  anOrder,
  aRenewal,
  aTarget,
  NEW_SHA,
  notRenewable,
  OLD_SHA,
} from '../builders.ts'

const FIRST_TRY = { applied: false, deployed: false, probed: false }
const TRIED = { applied: true, deployed: true, probed: true }

const someFacts = (wish: Partial<RenewalFacts> = {}): RenewalFacts => ({
  old: aCertificate(),
  renewal: null,
  order: null,
  fresh: null,
  application: null,
  ...wish,
})

/** Paid, with the new certificate there. */
const paid = (wish: Partial<RenewalFacts> = {}) =>
  someFacts({
    old: aCertificate({ renewal: notRenewable('alreadyRenewed') }),
    renewal: aRenewal({ state: 'open', newCertificateId: 'crt_new' }),
    order: anOrder({ state: 'paid', certificateId: 'crt_new' }),
    fresh: aFreshCertificate(),
    application: anApplication(),
    ...wish,
  })

const issued = (wish: Partial<RenewalFacts> = {}) =>
  paid({
    old: aCertificate({
      renewal: notRenewable('alreadyRenewed'),
      targets: [aTarget('proved', OLD_SHA)],
      endpoints: [anEndpoint('oldCertificate')],
    }),
    fresh: aFreshCertificate({ sha256: NEW_SHA }),
    application: anApplication({ state: 'issued' }),
    ...wish,
  })

const what = (step: Step): string => (step.do === 'wait' ? `wait for ${step.phase}` : step.do)

describe('where a renewal goes on', () => {
  it.each<[string, RenewalFacts, string]>([
    ['nothing bought, window open', someFacts(), 'order'],
    ['nothing bought, window closed', someFacts({ old: aCertificate({ renewal: notRenewable('renewalNotYetOpen') }) }), 'refuse'],
    ['ordered', someFacts({ renewal: aRenewal(), order: anOrder() }), 'pay'],
    ['ordered, and the renewal not seen yet', someFacts({ order: anOrder() }), 'pay'],
    ['order cancelled', someFacts({ renewal: aRenewal({ state: 'cancelled' }) }), 'order'],
    [
      'order expired while the renewal is there',
      someFacts({ renewal: aRenewal(), order: anOrder({ state: 'expired' }) }),
      'stop',
    ],
    ['paid, the new certificate not read yet', paid({ fresh: null, application: null }), 'wait for payment'],
    ['paid', paid(), 'apply'],
    ['application withdrawn', paid({ application: anApplication({ state: 'withdrawn' }) }), 'apply'],
    ['validation under way', paid({ application: anApplication({ state: 'pendingValidation' }) }), 'wait for validation'],
    ['with the CA', paid({ application: anApplication({ state: 'inReview' }) }), 'wait for issuance'],
    ['issued there, not stored here yet', paid({ application: anApplication({ state: 'issued' }) }), 'wait for issuance'],
    ['refused by the CA before this run', paid({ application: anApplication({ state: 'reviewFailed' }) }), 'apply'],
    ['issued, not installed', issued(), 'wait for installation'],
    ['installed', issued({ fresh: aFreshCertificate({ sha256: NEW_SHA, targets: [aTarget('applied')] }) }), 'wait for proof'],
    ['closed', issued({ renewal: aRenewal({ state: 'closed' }) }), 'done'],
    ['waiting for a person', issued({ renewal: aRenewal({ state: 'attention' }) }), 'probe'],
  ])('%s: %#', (_title, facts, expected) => {
    expect(what(decideStep(facts, FIRST_TRY))).toBe(expected)
  })

  it('has no target: the endpoint alone is waited for', () => {
    const old = aCertificate({ endpoints: [anEndpoint('oldCertificate')] })
    expect(what(decideStep(issued({ old }), FIRST_TRY))).toBe('wait for proof')
  })

  it('stops when nothing says where the certificate is served', () => {
    expect(decideStep(issued({ old: aCertificate() }), FIRST_TRY)).toMatchObject({
      do: 'stop',
      code: 'misconfigured',
      phase: 'proof', // what comes before it is done
    })
  })
})

describe('what failed in this run is not tried again', () => {
  it('stops with the CA’s reason and remedy', () => {
    const remedy = { en: 'Put the file there.', zh: '放置文件。' }
    const cause = { en: 'Not proved.', zh: '未通过验证。' }
    const problem = { code: 'validationFailed' as const, detail: 'The file is not there.', cause, remedy }
    const step = decideStep(paid({ application: anApplication({ state: 'reviewFailed', problem }) }), TRIED)
    expect(step).toEqual({
      do: 'stop',
      code: 'validationFailed',
      detail: { en: 'The file is not there.', zh: 'The file is not there.' },
      remedy,
    })
  })

  it('stops with the target that could not be installed', () => {
    const fresh = aFreshCertificate({ sha256: NEW_SHA, targets: [aTarget('abandoned', NEW_SHA, 'reload failed')] })
    const step = decideStep(issued({ fresh, renewal: aRenewal({ state: 'attention' }) }), TRIED)
    expect(step).toMatchObject({
      do: 'stop',
      code: 'deployRefused',
      detail: { en: expect.stringContaining('reload failed') as string },
    })
  })

  it.each(['failed', 'rolledBack'])(
    'deploys once more what was %s before this run, waits, and looks before it gives up',
    (state) => {
      const at = (deployment: string, renewal: 'open' | 'attention' = 'attention') =>
        issued({
          fresh: aFreshCertificate({ sha256: NEW_SHA, targets: [aTarget(deployment, NEW_SHA, 'nginx -t failed')] }),
          renewal: aRenewal({ state: renewal }),
        })
      expect(decideStep(at(state), FIRST_TRY)).toMatchObject({ do: 'deploy', targets: [{ id: 'tgt_1' }] })
      const deployed = { ...FIRST_TRY, deployed: true }
      const steps = [at('planned'), at('applied'), at(state), at(state, 'open')].map((facts) => what(decideStep(facts, deployed)))
      expect(steps).toEqual(['wait for installation', 'probe', 'stop', 'stop'])
      expect(decideStep(at(state), TRIED)).toMatchObject({
        do: 'stop',
        code: 'deployRefused',
        remedy: {
          en: expect.stringMatching(/evercert renew crt_old.*evercert targets deploy nginx/) as string,
          zh: expect.stringMatching(/evercert renew crt_old.*evercert targets deploy nginx/) as string,
        },
      })
    },
  )

  it('waits as long as what failed for good may be served all the same', () => {
    const failed = aTarget('failed', NEW_SHA, 'no such file')
    const other = (state: string) => ({ ...aTarget(state), id: 'tgt_2', name: 'web2' })
    const waitsForCanary = { ...other('planned') }
    waitsForCanary.deployment = waitsForCanary.deployment && { ...waitsForCanary.deployment, unprovable: { en: 'x', zh: 'x' } }
    const looked = anEndpoint('oldCertificate')
    const cases: readonly (readonly [TargetView[], EndpointView[], string])[] = [
      [[failed], [looked], 'stop'],
      [[failed], [], 'stop'],
      [[failed], [looked, { ...looked, probedAt: null }], 'wait for installation'],
      [[failed], [{ ...looked, probedAt: '2026-11-23T05:59:59.999Z' }], 'wait for installation'],
      [[failed, other('planned')], [looked], 'wait for installation'],
      [[failed, waitsForCanary], [looked], 'stop'],
      [[failed, { ...aTarget('failed', NEW_SHA, 'away', 5000), id: 'tgt_2' }], [looked], 'wait for installation'],
      [[failed, other('proved')], [looked], 'stop'],
    ]
    for (const [targets, endpoints, expected] of cases) {
      const facts = issued({ fresh: aFreshCertificate({ sha256: NEW_SHA, targets, endpoints }), old: aCertificate() })
      expect(what(decideStep(facts, { ...FIRST_TRY, deployed: true }))).toBe(expected)
    }
  })

  it('stops with the address that serves something else', () => {
    const fresh = aFreshCertificate({ sha256: NEW_SHA, endpoints: [anEndpoint('otherCertificate')] })
    const step = decideStep(issued({ fresh, old: aCertificate(), renewal: aRenewal({ state: 'attention' }) }), TRIED)
    expect(step).toMatchObject({ do: 'stop', code: 'verificationFailed', remedy: { en: 'A remedy.' } })
  })
})
