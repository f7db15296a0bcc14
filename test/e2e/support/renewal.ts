/**
 * A renewal as a client of the API makes it, whatever happens to the service meanwhile.
 *
 * @module
 */
import type { ApplicationFormView, CertificateDetail } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import type { Household } from './house.ts'
import { waitFor } from './wait-for.ts'

/**
 * Cases of one house share its site, and no two targets have the same files. Those of other sites stay: their houses may be at work in the same account. What is
 * still looked at cannot be deleted before that has ended.
 */
export async function freeSite(house: Household): Promise<void> {
  const { items } = await house.call((client) => client.targets.list())
  for (const { id } of items) {
    const { config } = await house.call((client) => client.targets.get({ id }))
    if (config['certificatePath'] !== house.site.target.certificatePath) continue
    await waitFor('the site to be left alone', async () => {
      try {
        return await house.call((client) => client.targets.remove({ id }))
      } catch (error) {
        if (error instanceof ApiProblem && error.problem.code === 'deploymentUnderWay') return null
        throw error
      }
    })
  }
}

/**
 * Has the certificate installed on the site, and waits until the site is seen to serve it.
 *
 * @param host where clients find the site; default its name
 */
export async function install(house: Household, certificateId: string, serverName: string, host = serverName): Promise<void> {
  await freeSite(house)
  await installBeside(house, certificateId, serverName, host)
}

/** As {@link install}, where other sites have targets that stay: many may be installed at once. */
export async function installBeside(house: Household, certificateId: string, serverName: string, host: string): Promise<void> {
  const { site } = house
  await house.call((client) =>
    client.targets.create({ certificateId, name: `site of ${serverName}`, kind: 'localFiles', config: { ...site.target } }),
  )
  await waitFor('the certificate to be installed', async () => {
    const { targets } = await house.call((client) => client.certificates.get({ id: certificateId }))
    const isInstalled = targets.length > 0 && targets.every(({ deployment }) => deployment?.state === 'applied')
    return isInstalled ? targets : null
  })
  await house.call((client) => client.endpoints.create({ certificateId, host, serverName, port: site.port }))
  await waitFor('the site to be proved', async () => {
    const seen = await house.call((client) => client.certificates.get({ id: certificateId }))
    return seen.servedAt === null ? null : seen
  })
}

/** Order, payment and application; each call is made again with its key when the service died over it. @returns the new certificate's id */
export async function orderRenewal(house: Household, oldId: string): Promise<string> {
  const order = await house.call((client) =>
    client.orders.place({ renewsCertificateId: oldId }, { context: { idempotencyKey: `order-${oldId}` } }),
  )
  const paid = await house.call((client) =>
    client.orders.pay({ id: order.id, method: 'balance' }, { context: { idempotencyKey: `payment-${order.id}` } }),
  )
  if (paid.certificateId === null) throw new Error(`order ${order.id} is ${paid.state} and has no certificate`)
  return paid.certificateId
}

/** Submits the prefilled form. A repeated submission is refused with a conflict: then the first one arrived. */
export async function apply(house: Household, id: string, change: Partial<ApplicationFormView> = {}): Promise<void> {
  const { form } = await house.call((client) => client.applications.get({ id }))
  try {
    await house.call((client) => client.applications.submit({ id, ...form, ...change }))
  } catch (error) {
    if (!(error instanceof ApiProblem && error.problem.code === 'conflict')) throw error
    const { state } = await house.call((client) => client.applications.get({ id }))
    if (state === 'draft') throw error
  }
}

export function waitForIssuance(house: Household, id: string, timeoutMs?: number): Promise<CertificateDetail> {
  const look = async (): Promise<CertificateDetail | null> => {
    const seen = await house.call((client) => client.certificates.get({ id }))
    if (seen.status === 'reviewFailed') {
      const { problem } = await house.call((client) => client.applications.get({ id }))
      throw new Error(`the CA refused: ${problem?.detail ?? 'without a reason'}`)
    }
    return seen.sha256 === null ? null : seen
  }
  return explained(house, id, waitFor('the CA to issue', look, timeoutMs))
}

export function waitForClose(house: Household, id: string, timeoutMs?: number): Promise<CertificateDetail> {
  const look = async (): Promise<CertificateDetail | null> => {
    const seen = await house.call((client) => client.certificates.get({ id }))
    return seen.renewalProcess?.state === 'closed' ? seen : null
  }
  return explained(house, id, waitFor('the renewal to be closed', look, timeoutMs))
}

/** An error that says how far the certificate came. */
async function explained<Value>(house: Household, id: string, waiting: Promise<Value>): Promise<Value> {
  try {
    return await waiting
  } catch (error) {
    const { status, nextStep, history } = await house.call((client) => client.certificates.get({ id }))
    const { state, problem, validations } = await house.call((client) => client.applications.get({ id }))
    const facts = {
      status,
      nextStep: nextStep.text.en,
      history: history.slice(0, 5),
      application: { state, problem, validations },
    }
    throw new Error(`${String(error)}\n${JSON.stringify(facts, null, 2)}\n${house.service().logs()}`, { cause: error })
  }
}
