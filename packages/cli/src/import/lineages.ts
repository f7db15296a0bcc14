/**
 * Generations of one lineage: which of them are sent, after which certificate of the account, and how a lineage that is there already is found.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { parseCertificate } from '@evercert/pki'
import { skipped, type Found, type Skipped } from './found.ts'

/** Sent one after the other, each as the successor of the one before. */
export interface Chain {
  readonly generations: readonly Found[]
  /** The certificate of the account that comes before what is sent next; null: none is known. */
  predecessorId: string | null
  /** Whether one of the same name and domains is its predecessor. */
  readonly keepsLineage: boolean
}

/** Earlier than one that is here already, and not here themselves: they were superseded before they could be imported. */
export interface Plan {
  readonly chains: readonly Chain[]
  readonly leftOut: readonly Skipped[]
}

export async function planChains(client: Client, batch: readonly Found[]): Promise<Plan> {
  const plans: Plan[] = []
  for (const item of batch) plans.push(await planChain(client, item))
  return { chains: plans.flatMap(({ chains }) => chains), leftOut: plans.flatMap(({ leftOut }) => leftOut) }
}

async function planChain(client: Client, item: Found): Promise<Plan> {
  const { lineage } = item
  if (lineage === undefined) return { chains: [{ generations: [item], predecessorId: null, keepsLineage: false }], leftOut: [] }
  const { earlier, expiredSha256 } = lineage
  const generations = [...earlier, item]
  const chain = { keepsLineage: true, predecessorId: null }
  if (earlier.length === 0 && expiredSha256 === null) return { chains: [{ ...chain, generations }], leftOut: [] }
  const ids: (string | null)[] = []
  for (const { certificatePem } of generations) ids.push(await findHere(client, sha256Of(certificatePem)))
  const newestHere = ids.findLastIndex((id) => id !== null)
  const isLate = (index: number): boolean => index < newestHere && ids[index] === null
  return {
    chains: [
      {
        ...chain,
        generations: generations.filter((_one, index) => !isLate(index)),
        predecessorId: newestHere < 0 && expiredSha256 !== null ? await findHere(client, expiredSha256) : null,
      },
    ],
    leftOut: generations.filter((_one, index) => isLate(index)).map(({ origin }) => skipped(origin, 'superseded')),
  }
}

/** Null also for a token that may not read: then what is sent again tells what is there. */
async function findHere(client: Client, sha256: string | null): Promise<string | null> {
  if (sha256 === null) return null
  try {
    const { items } = await client.certificates.list({ fingerprint: sha256, limit: 1 })
    return items[0]?.id ?? null
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.code === 'forbidden') return null
    throw error
  }
}

/** Null: it is damaged, which the service will say of it. */
function sha256Of(certificatePem: string): string | null {
  try {
    return parseCertificate(certificatePem).sha256
  } catch {
    return null
  }
}

const LONGEST_LINEAGE = 200

/** The last of the lineage of a certificate that has the name of a found one; null when it is for other domains, or was bought. */
export async function findNamesakesLast(client: Client, namesakeId: string, { certificatePem }: Found): Promise<string | null> {
  try {
    let last: CertificateView = await client.certificates.get({ id: namesakeId })
    for (let links = 0; last.renewedByCertificateId !== null && links < LONGEST_LINEAGE; links += 1)
      last = await client.certificates.get({ id: last.renewedByCertificateId })
    const isItsOwn = last.origin === 'uploaded' && isSameSet(last.domains, parseCertificate(certificatePem).names)
    return isItsOwn ? last.id : null
  } catch (error) {
    if (error instanceof ApiProblem && (error.problem.code === 'forbidden' || error.problem.code === 'notFound')) return null
    throw error
  }
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const [ones, others] = [new Set(one), new Set(other)]
  return ones.size === others.size && [...ones].every((value) => others.has(value))
}
