/**
 * One renewal that is interrupted at one point, and what must be true afterwards.
 *
 * @module
 */
import { expect } from 'vitest'
import type { KillPoint, Moment } from '../../harness/crash-service.ts'
import type { Audit } from './audit.ts'
import type { House } from './house.ts'
import { apply, waitForClose } from './renewal.ts'
import { waitFor } from './wait-for.ts'

export type Signal = 'SIGKILL' | 'SIGTERM'

const MOMENTS = ['intended', 'done', 'recorded'] as const

export function pointsOf(steps: readonly string[], moments: readonly Moment[] = MOMENTS): KillPoint[] {
  return steps.flatMap((step) => moments.map((moment) => ({ step, moment })))
}

export function nameOf({ step, moment }: KillPoint): string {
  return `${step} ${moment}`
}

export interface Interruption {
  readonly point: KillPoint
  readonly signal: Signal
}

export interface Outcome {
  readonly audit: Audit
  /** How the process ended that was interrupted. */
  readonly ends: readonly string[]
  /** What the first process went through since it was armed. */
  readonly steps: readonly string[]
  readonly newSha256: string | null
  readonly servedSha256: string
  /** Reloads of the site for the new certificate. */
  readonly reloads: number
}

export interface CrashCase {
  readonly oldId: string
  readonly serverName: string
  /** Null: nothing interrupts it. */
  readonly interruption: Interruption | null
  /** From the order on; gives the new certificate's id. What is done before the interruption can take place is done before. */
  readonly order: () => Promise<string>
}

/** Renews from the order to the rest after the proof, whatever happens in between. */
export async function renewThrough(house: House, { oldId, serverName, interruption, order }: CrashCase): Promise<Outcome> {
  const reloadsBefore = house.site.reloads()
  const first = house.service()
  const stepsBefore = first.steps.length
  const endsBefore = house.ends.length
  if (interruption !== null) await first.arm(interruption.point, interruption.signal)
  const newId = await order()
  await apply(house, newId)
  await waitForClose(house, newId)
  if (interruption !== null) await house.restarted(endsBefore + 1)
  const fresh = await waitForClose(house, newId)
  await waitFor('the renewal to come to rest', async () => ((await house.service().audit(oldId)).atRest ? true : null))
  return {
    audit: await house.service().audit(oldId),
    ends: house.ends.slice(endsBefore),
    // The audit log is sealed beside whatever is done.
    steps: first.steps
      .slice(stepsBefore)
      .filter(({ step }) => step !== 'sealAudit')
      .map(nameOf),
    newSha256: fresh.sha256,
    servedSha256: await house.site.servedSha256(serverName),
    reloads: house.site.reloads() - reloadsBefore,
  }
}

/** @param orders what the CA has: of the built-in one for the renewal alone, of an ACME one for its account */
export function expectOneOfEach(outcome: Outcome, orders: Partial<Audit> = { builtinOrders: ['issued'] }): void {
  const { audit, newSha256 } = outcome
  expect(audit).toMatchObject({
    renewals: ['closed'],
    orders: ['paid'],
    payments: ['succeeded'],
    charges: [-10_000],
    ledgerSum: 0,
    balanceError: 0,
    certificates: 1,
    applications: ['issued'],
    issuances: [{ sha256: newSha256, keyMatches: true }],
    deployments: ['proved'],
    transitions: { issued: 1, closed: 1 },
    atRest: true,
    ...orders,
  })
  expect(outcome.servedSha256).toBe(newSha256)
  expect(outcome.reloads).toBeGreaterThanOrEqual(1)
  expect(outcome.reloads).toBeLessThanOrEqual(2)
}
