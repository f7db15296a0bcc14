/**
 * One delivery of one issuance to one target: done when it is proved by handshake, not when a file was written.
 *
 * @module
 */
import { machine } from '../machine.ts'

/**
 * `applied`: installed, which is a claim. `proved`: its own address serves it, or, of a target without one, every endpoint. `rolledBack`: the old certificate is back.
 * `failed`: will be tried again (`planned`). `abandoned`: given up, with a notice. `superseded`: a later issuance took its place.
 */
export const deploymentMachine = machine('deployment', 'planned', {
  planned: ['applied', 'rolledBack', 'failed', 'superseded'],
  applied: ['proved', 'rolledBack', 'failed', 'superseded'],
  rolledBack: ['planned', 'abandoned', 'superseded'],
  failed: ['planned', 'abandoned', 'superseded'],
  proved: [],
  abandoned: [],
  superseded: [],
})

export type DeploymentState = (typeof deploymentMachine.states)[number]
