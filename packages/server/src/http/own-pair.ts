/**
 * The service's own certificate and key, in two files that anything may replace: a target of the service itself, another tool, an operator.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import { keyMatches, loadPrivateKey, parseChain, PkiError } from '@evercert/pki'
import type { PairFiles } from '../config/config.ts'
import { AppError } from '../domain/errors.ts'

interface PairContent {
  readonly certificatePem: string
  readonly keyPem: string
}

interface SoundPair extends PairContent {
  /** SHA-256 of the leaf, lower-case hex. */
  readonly sha256: string
  /** Epoch milliseconds. */
  readonly notAfter: number
}

interface OwnPairOptions {
  readonly files: PairFiles
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly log: Logger
  /** Stands in while the files have no sound pair. */
  readonly makeTemporary: () => Promise<PairContent>
  /** How often the files are looked at. Default: a second. */
  readonly pollMs?: number
}

export interface OwnPair {
  /** What is served now. */
  readonly current: () => SoundPair
  /** Why a pair of the service's own making is served; null when that of the files is. */
  readonly problem: string | null
  /** From now on a sound pair that appears in the files is handed over. @returns ends it */
  watch(use: (options: SecureContextOptions) => void): () => void
}

const POLL_MS = 1000
const MAX_BYTES = 256 * 1024

/** RFC 9325 §3.1.1. */
const MIN_VERSION = 'TLSv1.2'

/** What a TLS server is given. */
export function secureContextOf({ certificatePem, keyPem }: PairContent): SecureContextOptions {
  return { cert: certificatePem, key: keyPem, minVersion: MIN_VERSION }
}

/** The pair of the files, or one that stands in: a service that renews certificates does not stay away for want of its own. */
export async function openOwnPair(options: OwnPairOptions): Promise<OwnPair> {
  const first = await look(options)
  const isSound = typeof first.found !== 'string'
  if (!isSound) options.log.error({ event: 'tls.standIn', problem: first.found })
  let served = typeof first.found === 'string' ? readSound(await options.makeTemporary()) : first.found
  return {
    current: () => served,
    problem: typeof first.found === 'string' ? first.found : null,
    watch: (use) =>
      watch(options, first.digest, (found) => {
        if (found.notAfter <= options.now() && served.notAfter > options.now()) return 'the certificate has expired'
        use(secureContextOf(found))
        options.log.warn({ event: 'tls.pairReplaced', sha256: found.sha256, before: served.sha256 })
        served = found
        return null
      }),
  }
}

/** @param accept says why it keeps the old one, or null */
function watch(options: OwnPairOptions, seen: string, accept: (found: SoundPair) => string | null): () => void {
  let [decided, last] = [seen, seen]
  const round = async (): Promise<void> => {
    const { digest, found } = await look(options)
    const isSettled = digest === last // two files are not replaced in one instant by everybody
    last = digest
    if (digest === decided) return
    if (typeof found === 'string' && !isSettled) return
    decided = digest
    const problem = typeof found === 'string' ? found : accept(found)
    if (problem !== null) options.log.error({ event: 'tls.pairRefused', problem, kept: true })
  }
  let isOver = false
  let timer: NodeJS.Timeout | null = null
  const again = (): void => {
    if (isOver) return
    timer = setTimeout(() => {
      round()
        .catch((error: unknown) => options.log.error({ event: 'tls.watchFailed', error }))
        .finally(again)
    }, options.pollMs ?? POLL_MS)
    timer.unref()
  }
  again()
  return () => {
    isOver = true
    if (timer !== null) clearTimeout(timer)
  }
}

/** What the files have now: a sound pair, or why it is none. The digest is that of both contents. */
async function look({ files }: OwnPairOptions): Promise<{ digest: string; found: SoundPair | string }> {
  const contents: string[] = []
  for (const path of [files.certificatePath, files.keyPath]) {
    try {
      contents.push(await readSmall(path))
    } catch (error) {
      const problem = `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`
      return { digest: problem, found: problem }
    }
  }
  const [certificatePem = '', keyPem = ''] = contents
  const digest = createHash('sha256').update(`${certificatePem.length}:${certificatePem}${keyPem}`).digest('hex')
  try {
    return { digest, found: readSound({ certificatePem, keyPem }) }
  } catch (error) {
    return { digest, found: (error as Error).message }
  }
}

async function readSmall(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0)
    if (bytesRead > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** @throws AppError `misconfigured` when certificate and key do not belong together or cannot be used */
function readSound(pair: PairContent): SoundPair {
  try {
    const [leaf] = parseChain(pair.certificatePem) // the first is what a handshake shows
    if (leaf === undefined) throw new AppError('misconfigured', 'there is no certificate in the file')
    if (!keyMatches(leaf, loadPrivateKey(pair.keyPem)))
      throw new AppError('misconfigured', 'the private key is not that of the certificate')
    createSecureContext(secureContextOf(pair))
    return { ...pair, sha256: leaf.sha256, notAfter: leaf.notAfter }
  } catch (error) {
    if (error instanceof AppError) throw error
    const what = error instanceof PkiError ? error.message : 'OpenSSL cannot use the pair'
    throw new AppError('misconfigured', what, { cause: error })
  }
}
