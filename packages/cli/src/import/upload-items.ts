/**
 * Sends what a source gives, in batches, and keeps the account of what became of each.
 *
 * @module
 */
import { MAX_UPLOADS, type ProblemCode, type ProblemDocument, type UploadOutcome } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { parseCertificate } from '@evercert/pki'
import type { Found, Item, Skipped } from './found.ts'
import { findNamesakesLast, planChains, type Chain } from './lineages.ts'
import { fitName } from './names.ts'

export interface Refused {
  readonly origin: string
  readonly name: string
  readonly problem: ProblemDocument
}

export interface Kept {
  readonly origin: string
  readonly name: string
  /** Null in a rehearsal. */
  readonly certificateId: string | null
  readonly sha256: string
  /** What it follows; null: nothing. */
  readonly renewsCertificateId: string | null
}

export interface UploadReport {
  readonly stored: Kept[]
  /** Here before, with the same fingerprint: nothing to do. */
  readonly present: Refused[]
  readonly refused: Refused[]
  readonly skipped: Skipped[]
}

export interface UploadRun {
  readonly client: Client
  readonly dryRun: boolean
  /** Whether the service fetches intermediates that are missing. */
  readonly completeChain: boolean
  /** Called after each batch and each thing that was skipped. */
  readonly onProgress: (report: UploadReport) => void
}

const BATCH = Math.min(250, MAX_UPLOADS)
const BATCH_BYTES = 4 * 1024 * 1024

/**
 * Uploads everything. Interrupted or failed, it may be run again: what was stored is found there already.
 *
 * @param report filled as it goes on, so that it says what was done also when this throws
 */
export async function uploadItems(items: AsyncIterable<Item>, run: UploadRun, report: UploadReport): Promise<void> {
  let batch: Found[] = []
  let bytes = 0
  // One batch is stored while the next is read and sent.
  let sending = Promise.resolve()
  const flush = async (): Promise<void> => {
    const before = sending
    sending = sendBatch(batch, run, report)
    sending.catch(() => {}) // awaited with the next batch, or at the end
    batch = []
    bytes = 0
    await before
    run.onProgress(report)
  }
  for await (const item of items) {
    if (item.kind === 'skipped') {
      report.skipped.push(item)
      run.onProgress(report)
      continue
    }
    const size = [item, ...(item.lineage?.earlier ?? [])].reduce((sum, one) => sum + sizeOf(one), 0)
    if (batch.length === BATCH || bytes + size > BATCH_BYTES) await flush()
    batch.push(item)
    bytes += size
  }
  await flush()
  await sending
  run.onProgress(report)
}

export function emptyReport(): UploadReport {
  return { stored: [], present: [], refused: [], skipped: [] }
}

function sizeOf({ certificatePem, privateKeyPem }: Found): number {
  return certificatePem.length + privateKeyPem.length
}

/** Generations go one after the other, those of all lineages at once: the next one names the one before. */
async function sendBatch(batch: readonly Found[], run: UploadRun, report: UploadReport): Promise<void> {
  if (batch.length === 0) return
  const { chains, leftOut } = await planChains(run.client, batch)
  report.skipped.push(...leftOut)
  const longest = Math.max(...chains.map(({ generations }) => generations.length))
  for (let place = 0; place < longest; place += 1) {
    const wave = chains.flatMap((chain) => toSending(chain, place))
    for (let attempt = 0, rest: readonly Sending[] = wave; rest.length > 0; attempt += 1) {
      const isLast = attempt === MAX_ATTEMPTS
      rest = await sendWave(rest, run, { report, isLast })
    }
  }
}

/** Two other names, and without a predecessor. */
const MAX_ATTEMPTS = 4

/** One generation on its way: what is not accepted as it is goes again under another name, or alone. */
interface Sending {
  readonly item: Found
  readonly chain: Chain
  readonly names: readonly string[]
  readonly predecessorId: string | null
  readonly looksForNamesake: boolean
}

function toSending(chain: Chain, place: number): Sending[] {
  const item = chain.generations[place]
  if (item === undefined) return []
  const { predecessorId, keepsLineage } = chain
  return [{ item, chain, names: [fitName(item.name)], predecessorId, looksForNamesake: keepsLineage && predecessorId === null }]
}

/** @returns those to be sent again */
async function sendWave(
  wave: readonly Sending[],
  run: UploadRun,
  { report, isLast }: { readonly report: UploadReport; readonly isLast: boolean },
): Promise<readonly Sending[]> {
  const outcomes = await send(wave, run)
  const again: Sending[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const sending = wave[index]
    if (sending === undefined) continue
    const next = isLast || outcome.result !== 'refused' ? null : await retry(sending, outcome.problem, run)
    if (next === null) record(report, sending, outcome)
    else again.push(next)
  }
  return again
}

async function send(wave: readonly Sending[], { client, dryRun, completeChain }: UploadRun): Promise<readonly UploadOutcome[]> {
  const entries = wave.map(({ item: { certificatePem, privateKeyPem }, names, predecessorId }) => ({
    name: names.at(-1) ?? '',
    certificatePem,
    privateKeyPem,
    ...(predecessorId === null ? {} : { renewsCertificateId: predecessorId }),
  }))
  return (await client.uploads.create({ entries, dryRun, completeChain })).outcomes
}

/** It is kept all the same, alone. */
const CANNOT_FOLLOW: ReadonlySet<ProblemCode> = new Set(['alreadyRenewed', 'notItsSuccessor', 'notFound'])

/** Null: it stays refused. */
async function retry(sending: Sending, { code, facts }: ProblemDocument, { client }: UploadRun): Promise<Sending | null> {
  const { item, names, predecessorId, looksForNamesake } = sending
  if (predecessorId !== null && CANNOT_FOLLOW.has(code)) return { ...sending, predecessorId: null, looksForNamesake: false }
  const name = code === 'duplicateName' ? otherName(item, names.length) : null
  if (name === null) return null
  const namesakeId = facts['certificateId']
  const found = looksForNamesake && typeof namesakeId === 'string' ? await findNamesakesLast(client, namesakeId, item) : null
  return { ...sending, names: [...names, name], predecessorId: predecessorId ?? found, looksForNamesake: false }
}

/** Another certificate has the name, say that of last year: told apart by the day on which it expires, and two of a day by their fingerprints. */
function otherName({ name, certificatePem }: Found, tried: number): string | null {
  const { notAfter, sha256 } = parseCertificate(certificatePem)
  const day = new Date(notAfter).toISOString().slice(0, 10)
  if (tried === 1) return fitName(name, ` (${day})`)
  return tried === 2 ? fitName(name, ` (${day} ${sha256.slice(0, 8)})`) : null
}

function record(report: UploadReport, { item: { origin }, chain, predecessorId }: Sending, outcome: UploadOutcome): void {
  const { name } = outcome
  if (outcome.result === 'refused') {
    const { problem } = outcome
    const isHere = problem.code === 'duplicateCertificate'
    const list = isHere ? report.present : report.refused
    list.push({ origin, name, problem })
    if (isHere && typeof problem.facts['certificateId'] === 'string') chain.predecessorId = problem.facts['certificateId']
    return
  }
  const certificateId = outcome.result === 'stored' ? outcome.certificateId : null
  if (certificateId !== null) chain.predecessorId = certificateId
  report.stored.push({ origin, name, certificateId, sha256: outcome.sha256, renewsCertificateId: predecessorId })
}
