import { describe, expect, test } from 'vitest'
import { applicationMachine } from '../../src/domain/application/application-machine.ts'
import { deploymentMachine } from '../../src/domain/deployment/deployment-machine.ts'
import type { Machine } from '../../src/domain/machine.ts'
import { machine } from '../../src/domain/machine.ts'
import { orderMachine } from '../../src/domain/order/order-machine.ts'
import { paymentMachine } from '../../src/domain/payment/payment-machine.ts'
import { isLiveRenewal, renewalMachine } from '../../src/domain/renewal/renewal-machine.ts'

const door = machine('door', 'open', { open: ['shut'], shut: ['open', 'bricked'], bricked: [] })

describe('machine', () => {
  test('answers from its table', () => {
    expect(door.name).toBe('door')
    expect(door.initial).toBe('open')
    expect(door.states).toEqual(['open', 'shut', 'bricked'])
    expect(door.can('open', 'shut')).toBe(true)
    expect(door.can('open', 'bricked')).toBe(false)
    expect(door.can('open', 'open')).toBe(false)
    expect(door.isFinal('bricked')).toBe(true)
    expect(door.isFinal('open')).toBe(false)
    expect(door.successors('shut')).toEqual(['open', 'bricked'])
  })

  test('a value from outside that is no state leads nowhere and is not final', () => {
    const stranger = 'constructor' as 'open'
    expect(door.can(stranger, 'open')).toBe(false)
    expect(door.isFinal(stranger)).toBe(false)
    expect(door.successors(stranger)).toEqual([])
  })

  test('an unreachable state throws at load', () => {
    expect(() => machine('broken', 'a', { a: ['b'], b: [], lost: ['a'] })).toThrow(/broken.*lost/u)
  })

  test('an unknown successor, an unknown initial state and a self-loop do not compile', () => {
    const uncompiled = [
      // @ts-expect-error: no such successor
      (): unknown => machine('x', 'a', { a: ['nowhere'] }),
      // @ts-expect-error: no such initial state
      (): unknown => machine('x', 'nowhere', { a: [] }),
      // @ts-expect-error: a state is not its own successor
      (): unknown => machine('x', 'a', { a: ['a'] }),
    ]
    expect(uncompiled).toHaveLength(3)
  })
})

/** The states from which no final state can be reached. */
function trapped<State extends string>(subject: Machine<State>): State[] {
  const safe = new Set(subject.states.filter((state) => subject.isFinal(state)))
  for (const _round of subject.states) {
    for (const state of subject.states) if (subject.successors(state).some((next) => safe.has(next))) safe.add(state)
  }
  return subject.states.filter((state) => !safe.has(state))
}

const EVERY_MACHINE: readonly Machine<string>[] = [
  orderMachine,
  paymentMachine,
  applicationMachine,
  deploymentMachine,
  renewalMachine,
]

describe.each(EVERY_MACHINE.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  test('every state that is not final reaches a final one', () => {
    expect(trapped(subject)).toEqual([])
  })

  test('a final state allows nothing, and no state follows itself', () => {
    for (const from of subject.states) {
      expect(subject.can(from, from)).toBe(false)
      if (subject.isFinal(from)) expect(subject.states.some((to) => subject.can(from, to))).toBe(false)
    }
  })
})

/** Each machine as arrows, so that a change of a table is a change that somebody reads. */
function arrows(subject: Machine<string>): string[] {
  return subject.states.map((state) => `${state} → ${subject.successors(state).join(', ') || '.'}`)
}

describe('tables', () => {
  test('order', () => {
    expect(orderMachine.initial).toBe('placed')
    expect(arrows(orderMachine)).toEqual([
      'placed → paid, cancelled, expired',
      'paid → refunded',
      'cancelled → .',
      'expired → .',
      'refunded → .',
    ])
  })

  test('payment: an attempt that failed is never revived, money that still comes is credited, and nothing is refunded twice', () => {
    expect(arrows(paymentMachine)).toEqual([
      'created → succeeded, credited, failed, cancelled',
      'succeeded → refunded',
      'credited → .',
      'failed → credited',
      'cancelled → credited',
      'refunded → .',
    ])
  })

  test('§2 application: saved → pendingValidation → inReview → issued; refused, edited and sent again; withdrawn', () => {
    expect(applicationMachine.initial).toBe('pendingValidation')
    expect(arrows(applicationMachine)).toEqual([
      'pendingValidation → inReview, reviewFailed, withdrawn',
      'inReview → issued, reviewFailed, withdrawn, pendingValidation',
      'reviewFailed → inReview, pendingValidation, withdrawn',
      'issued → .',
      'withdrawn → .',
    ])
  })

  test('deployment: proved only after applied, and a failure is tried again or given up', () => {
    expect(arrows(deploymentMachine)).toEqual([
      'planned → applied, rolledBack, failed, superseded',
      'applied → proved, rolledBack, failed, superseded',
      'rolledBack → planned, abandoned, superseded',
      'failed → planned, abandoned, superseded',
      'proved → .',
      'abandoned → .',
      'superseded → .',
    ])
  })

  test('renewal: not closed before it is paid; cancelled or served ends it', () => {
    expect(arrows(renewalMachine)).toEqual([
      'ordered → open, cancelled',
      'open → attention, closed, cancelled',
      'attention → open, closed, cancelled',
      'closed → .',
      'cancelled → .',
    ])
  })

  test('FD §3.7 at most one live renewal: any but a cancelled one stands in the way of another', () => {
    expect(renewalMachine.states.filter((state) => isLiveRenewal(state))).toEqual(['ordered', 'open', 'attention', 'closed'])
  })
})
