import { expect, test } from 'vitest'
import { revocationMachine } from '../../../src/domain/revocation/revocation-machine.ts'

test('only the CA makes a revocation, and only what awaits the contact is declined', () => {
  expect(revocationMachine.states.filter((state) => revocationMachine.can(state, 'revoked'))).toEqual(['confirmed'])
  expect(revocationMachine.states.filter((state) => revocationMachine.can(state, 'declined'))).toEqual(['awaitingConfirmation'])
  expect(revocationMachine.states.filter((state) => revocationMachine.isFinal(state))).toEqual(['revoked', 'declined', 'refused'])
})
