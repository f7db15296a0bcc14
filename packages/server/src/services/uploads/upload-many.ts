/**
 * Uploads of many certificates: each is stored in whole, or refused with its reason; a bad one takes no other with it.
 *
 * @module
 */
import { toProblemDocument, type UploadOutcome } from '@evercert/contract'
import { analyseWhileSmall, isBulk } from '../../db/bulk.ts'
import { settle } from '../../db/later.ts'
import { AppError } from '../../domain/errors.ts'
import type { Caller, Services } from '../context.ts'
import { readUploads } from './batch-reader.ts'
import { completeChains } from './complete-chain.ts'
import type { CheckedUpload, Upload } from './read-upload.ts'
import { storeUploads, withSealedKeys, type SealedUpload, type Stored } from './store-uploads.ts'

export interface UploadMany {
  readonly entries: readonly Upload[]
  /** Checks everything, and takes back what it stored. */
  readonly dryRun: boolean
  /** Whether intermediates that are missing are fetched; else each chain is kept as it came. */
  readonly completeChain?: boolean
}

export interface UploadManyResult {
  readonly stored: number
  readonly refused: number
  /** In the order of the entries. */
  readonly outcomes: UploadOutcome[]
}

/** What is repeated is refused as a duplicate with the id of what is there: repeating a request whose answer was lost is safe. */
export async function uploadMany(
  services: Services,
  caller: Caller,
  { entries, dryRun, completeChain = false }: UploadMany,
): Promise<UploadManyResult> {
  const asTheyCame = await readAll(services, entries)
  const read = completeChain ? await completeChains(services, asTheyCame) : asTheyCame
  const checked = read.filter((one): one is CheckedUpload => !(one instanceof AppError))
  const stored = await withSealedKeys(services, checked, (sealed) => (dryRun ? rehearse : store)(services, caller, sealed))
  let next = 0
  const outcomes = read.map((one, index): UploadOutcome => {
    const name = entries[index]?.name ?? ''
    if (one instanceof AppError) return toRefusal(name, one)
    const result = stored[next++]
    if (result === undefined || result instanceof AppError) return toRefusal(one.name, result)
    const facts = { name: one.name, sha256: one.leaf.sha256 }
    return dryRun ? { result: 'wouldBeStored', ...facts } : { result: 'stored', certificateId: result.certificateId, ...facts }
  })
  const refused = outcomes.filter(({ result }) => result === 'refused').length
  return { stored: dryRun ? 0 : outcomes.length - refused, refused, outcomes }
}

async function readAll(services: Services, entries: readonly Upload[]): Promise<(CheckedUpload | AppError)[]> {
  const read = await readUploads({ now: services.now(), entries })
  return read.map((one) =>
    'upload' in one ? one.upload : new AppError(one.refusal.code, one.refusal.detail, { facts: one.refusal.facts }),
  )
}

async function store(services: Services, caller: Caller, uploads: readonly SealedUpload[]): Promise<Stored[]> {
  const stored = await services.db.transaction().execute((trx) => storeUploads(services, trx, caller, uploads))
  if (isBulk(stored.length)) {
    // They are stored whether or not the next ones will be stored quickly.
    await analyseWhileSmall(services.database).catch((error: unknown) =>
      services.log.warn({ event: 'uploads.notAnalysed', error }),
    )
  }
  return stored
}

class Rehearsed extends Error {
  readonly results: Stored[]

  constructor(results: Stored[]) {
    super('a rehearsal is rolled back')
    this.results = results
  }
}

/** The same statements, rolled back: what it says is what storing would have said at that moment. */
async function rehearse(services: Services, caller: Caller, uploads: readonly SealedUpload[]): Promise<Stored[]> {
  try {
    return await services.db.transaction().execute(async (trx) => {
      const results = await storeUploads(services, trx, caller, uploads)
      await settle(trx)
      throw new Rehearsed(results)
    })
  } catch (error) {
    if (error instanceof Rehearsed) return error.results
    throw error
  }
}

function toRefusal(name: string, error: AppError | undefined): UploadOutcome {
  if (error === undefined) throw new RangeError('each upload has a result')
  return { result: 'refused', name, problem: toProblemDocument(error.code, error.message, { facts: error.facts }) }
}
