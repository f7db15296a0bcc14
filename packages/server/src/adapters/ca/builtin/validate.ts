/**
 * Looks whether a proof of control is in place: a file on the host itself, or a TXT record. Keeps nothing, retries nothing.
 *
 * @module
 */
import { AppError } from '../../../domain/errors.ts'
import type { AdapterKit, BuiltinChallenge } from '../../../ports/kit.ts'
import type { Verdict } from './orders.ts'

export interface FilePorts {
  readonly http: number
  /** Null: the CA does not try https. */
  readonly https: number | null
}

const FETCH_TIMEOUT_MS = 10_000
const MAX_FILE_BYTES = 4096 // a token has 32; more is another page
const LONGEST_SHOWN = 64

/** Never throws for what the site or its DNS does wrong: that is the verdict. */
export function lookForProof(
  kit: Pick<AdapterKit, 'fetch' | 'resolver'>,
  challenge: BuiltinChallenge,
  ports: FilePorts,
): Promise<Verdict> {
  return challenge.method === 'dns' ? lookForRecord(kit, challenge) : lookForFile(kit, challenge, ports)
}

/** https first, where the certificate is not judged (it may be the one that is to be replaced), then http. */
async function lookForFile(kit: Pick<AdapterKit, 'fetch'>, challenge: BuiltinChallenge, ports: FilePorts): Promise<Verdict> {
  const urls = [
    ...(ports.https === null ? [] : [`https://${challenge.identifier}:${ports.https}`]),
    `http://${challenge.identifier}:${ports.http}`,
  ]
  const problems: string[] = []
  for (const base of urls) {
    const problem = await fileProblem(kit, new URL(challenge.location, base).href, challenge.content)
    if (problem === null) return null
    problems.push(problem)
  }
  return problems.join('; ')
}

async function fileProblem(kit: Pick<AdapterKit, 'fetch'>, url: string, content: string): Promise<Verdict> {
  try {
    const { status, body } = await kit.fetch(url, {
      timeoutMs: FETCH_TIMEOUT_MS,
      maxBytes: MAX_FILE_BYTES,
      maxRedirects: 1,
      ignoreCertificate: true,
    })
    if (status !== 200) return `${url} answered ${status} instead of 200`
    const found = Buffer.from(body).toString('latin1')
    return found.trimEnd() === content ? null : `${url} holds ${shown(found)} instead of ${content}` // trailing white space: RFC 8555 §8.3
  } catch (error) {
    return problemOf(error)
  }
}

async function lookForRecord(
  { resolver }: Pick<AdapterKit, 'resolver'>,
  { location, content }: BuiltinChallenge,
): Promise<Verdict> {
  try {
    const found = await resolver.resolveTxt(location)
    if (found.includes(content)) return null
    const values = found.length === 0 ? 'no TXT record' : `TXT ${found.slice(0, 3).map(shown).join(', ')}`
    return `${location} has ${values} instead of ${content}`
  } catch (error) {
    return problemOf(error)
  }
}

function problemOf(error: unknown): string {
  if (error instanceof AppError) return error.message
  throw error
}

/** What a stranger's server said: short, and without characters that could disturb a page or a log. */
function shown(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, '.')
  return JSON.stringify(printable.length > LONGEST_SHOWN ? `${printable.slice(0, LONGEST_SHOWN)}…` : printable)
}
