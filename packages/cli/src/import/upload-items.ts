/**
 * Sends what a source gives, in batches, and keeps the account of what became of each.
 *
 * @module
 */
import { MAX_UPLOADS, type ProblemDocument, type UploadOutcome } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { parseCertificate } from '@evercert/pki'
import type { Found, Item, Skipped } from './found.ts'
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
    const size = item.certificatePem.length + item.privateKeyPem.length
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

async function sendBatch(batch: readonly Found[], run: UploadRun, report: UploadReport): Promise<void> {
  if (batch.length === 0) return
  const outcomes = await send(batch, run)
  const again: Found[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const item = batch[index]
    if (item === undefined) continue
    if (outcome.result === 'refused' && outcome.problem.code === 'duplicateName') again.push(withDate(item))
    else record(report, item, outcome)
  }
  if (again.length === 0) return
  const secondTry = await send(again, run)
  for (const [index, outcome] of secondTry.entries()) {
    const item = again[index]
    if (item !== undefined) record(report, item, outcome)
  }
}

async function send(batch: readonly Found[], { client, dryRun }: UploadRun): Promise<readonly UploadOutcome[]> {
  const entries = batch.map(({ name, certificatePem, privateKeyPem }) => ({
    name: fitName(name),
    certificatePem,
    privateKeyPem,
  }))
  return (await client.uploads.create({ entries, dryRun })).outcomes
}

/** Another certificate has the name, say that of last year: told apart by the day on which it expires. */
function withDate(item: Found): Found {
  const { notAfter } = parseCertificate(item.certificatePem)
  return { ...item, name: fitName(item.name, ` (${new Date(notAfter).toISOString().slice(0, 10)})`) }
}

function record(report: UploadReport, item: Found, outcome: UploadOutcome): void {
  const { origin } = item
  const { name } = outcome
  if (outcome.result === 'refused') {
    const list = outcome.problem.code === 'duplicateCertificate' ? report.present : report.refused
    list.push({ origin, name, problem: outcome.problem })
    return
  }
  const certificateId = outcome.result === 'stored' ? outcome.certificateId : null
  report.stored.push({ origin, name, certificateId, sha256: outcome.sha256 })
}
