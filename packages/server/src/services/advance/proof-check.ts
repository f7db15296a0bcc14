/**
 * Is the proof of control visible from here? Looked at as the CA will look: same path, same ports, same record.
 *
 * @module
 */
import { AppError } from '../../domain/errors.ts'
import type { CaCapabilities } from '../../ports/ca.ts'
import type { Services } from '../context.ts'

export interface ProofToFind {
  readonly ref: string
  readonly identifier: string
  readonly method: 'file' | 'dns'
  readonly location: string
  readonly content: string
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 4096

/** The first proof that is not in place, with what was seen instead; null when all are. */
export async function findMissingProof(
  services: Services,
  capabilities: CaCapabilities,
  proofs: readonly ProofToFind[],
): Promise<{ readonly ref: string; readonly problem: string } | null> {
  const problems = await Promise.all(
    proofs.map((proof) => (proof.method === 'file' ? checkFile(services, capabilities, proof) : checkTxt(services, proof))),
  )
  for (const [index, problem] of problems.entries()) {
    const proof = proofs[index]
    if (problem !== null && proof !== undefined) return { ref: proof.ref, problem }
  }
  return null
}

/** Https first, then http, as the CA does; one of them suffices. */
async function checkFile(services: Services, capabilities: CaCapabilities, proof: ProofToFind): Promise<string | null> {
  const { http, https } = capabilities.fileValidationPorts
  const secure =
    https === null ? null : await checkUrl(services, `https://${proof.identifier}${portOf(https, 443)}${proof.location}`, proof)
  if (https !== null && secure === null) return null
  return checkUrl(services, `http://${proof.identifier}${portOf(http, 80)}${proof.location}`, proof)
}

function portOf(port: number, standard: number): string {
  return port === standard ? '' : `:${port}`
}

async function checkUrl(services: Services, url: string, proof: ProofToFind): Promise<string | null> {
  try {
    const response = await services.kit.fetch(url, {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      maxRedirects: 3,
      ignoreCertificate: true,
    })
    const body = Buffer.from(response.body).toString('utf8').trimEnd() // trailing white space does not count, RFC 8555 §8.3
    if (response.status === 200 && body === proof.content) return null
    const seen = response.status === 200 ? 'other content' : `HTTP ${response.status}`
    return `Looking for ${url}: ${response.address} answered with ${seen}: put the file there with exactly the content shown.`
  } catch (error) {
    return error instanceof AppError ? error.message : Promise.reject(error)
  }
}

async function checkTxt(services: Services, proof: ProofToFind): Promise<string | null> {
  try {
    const values = await services.kit.resolver.resolveTxt(proof.location)
    if (values.includes(proof.content)) return null
    const seen =
      values.length === 0 ? 'there is no TXT record' : `there are ${values.length} TXT values, none of them the one shown`
    return `Looking up ${proof.location}: ${seen}: add the record with exactly the value shown.`
  } catch (error) {
    return error instanceof AppError ? error.message : Promise.reject(error)
  }
}
