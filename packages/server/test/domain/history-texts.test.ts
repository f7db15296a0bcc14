// The console names what happened to a certificate; here, since the console does not import the server.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { certificateStatus } from '@evercert/contract'
import { history } from '../../../console/src/i18n/zh/history.ts'
import { approvalMachine } from '../../src/domain/approval/approval-machine.ts'
import { applicationMachine } from '../../src/domain/application/application-machine.ts'
import { deploymentMachine } from '../../src/domain/deployment/deployment-machine.ts'
import { orderMachine } from '../../src/domain/order/order-machine.ts'
import { paymentMachine } from '../../src/domain/payment/payment-machine.ts'
import { renewalMachine } from '../../src/domain/renewal/renewal-machine.ts'
import { reviewMachine } from '../../src/domain/review/review-machine.ts'
import { revocationMachine } from '../../src/domain/revocation/revocation-machine.ts'

const MACHINES = [
  approvalMachine,
  applicationMachine,
  deploymentMachine,
  orderMachine,
  paymentMachine,
  renewalMachine,
  reviewMachine,
  revocationMachine,
]
const root = fileURLToPath(new URL('../../src/services/', import.meta.url))
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(root + file, 'utf8'))
  .join('\n')

/** `toState: 'x'`, `toState: … ? 'x' : 'y'`, and the rows that an upload inserts by itself. */
function writtenStates(): string[] {
  const values = [...sources.matchAll(/toState: ([^,}\n]+)/g)].map(([, value = '']) => value)
  const literals = values.flatMap((value) => [...value.matchAll(/'(\w+)'/g)].map(([, name = '']) => name))
  const inserted = [...sources.matchAll(/'certificate', id, '(\w+)', \$\{actor\}/g)].map(([, name = '']) => name)
  return [...literals, ...inserted]
}

test('every state that the history may hold has a name in the console', () => {
  const written = writtenStates()
  expect(written).toEqual(expect.arrayContaining(['uploaded', 'strayed', 'tagged']))
  const states = new Set([...MACHINES.flatMap((machine) => machine.states), ...certificateStatus.options, ...written])
  expect([...states].filter((state) => !(state in history.states))).toEqual([])
})
