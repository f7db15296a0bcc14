/**
 * One action on many: some at a time, each by itself, so that the failure of one stops none of the others.
 *
 * @module
 */
import type { Bilingual, MoneyView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'

/** What the action is done to: a certificate, or a target of one. */
export interface BulkItem {
  /** Unique in the action. */
  readonly id: string
  readonly certificateId: string
  readonly name: string
}

/** What came of it beside success; kept when a later step fails. */
export interface BulkFacts {
  readonly orderId?: string
  readonly newCertificateId?: string
  readonly paid?: MoneyView
}

export interface BulkProblem {
  readonly code: string
  readonly cause: Bilingual
  readonly remedy: Bilingual
  readonly detail: string
}

export interface BulkOutcome {
  readonly result: 'done' | 'failed'
  /** Null: it is done, or the service was away and nobody knows. */
  readonly problem: BulkProblem | null
  readonly facts: BulkFacts
}

export interface BulkOptions<Item> {
  readonly concurrency: number
  /** How many one call takes; it takes all or none. */
  readonly batchSize: number
  /** Stops what is not begun; what is under way ends. */
  readonly signal: AbortSignal
  /** @param tell what is known of an item already, should the rest fail */
  readonly work: (batch: readonly Item[], tell: (item: Item, facts: BulkFacts) => void) => Promise<void>
  readonly onOutcome: (item: Item, outcome: BulkOutcome) => void
}

/** Never rejects: what fails is an outcome. Resolves when nothing is under way any more. */
export async function runBulk<Item>(items: readonly Item[], options: BulkOptions<Item>): Promise<void> {
  const { concurrency, batchSize, signal } = options
  const batches = Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) =>
    items.slice(index * batchSize, (index + 1) * batchSize),
  )
  const lane = async (): Promise<void> => {
    while (!signal.aborted) {
      const batch = batches.shift()
      if (batch === undefined) return
      await runBatch(batch, options)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}

async function runBatch<Item>(batch: readonly Item[], options: BulkOptions<Item>): Promise<void> {
  const facts = new Map<Item, BulkFacts>()
  const end = (item: Item, result: 'done' | 'failed', problem: BulkProblem | null): void =>
    options.onOutcome(item, { result, problem, facts: facts.get(item) ?? {} })
  try {
    await options.work(batch, (item, told) => facts.set(item, { ...facts.get(item), ...told }))
    for (const item of batch) end(item, 'done', null)
  } catch (error) {
    // The call takes all or none: the one that is refused must not keep the others back.
    if (batch.length > 1 && error instanceof ApiProblem) for (const item of batch) await runBatch([item], options)
    else for (const item of batch) end(item, 'failed', problemOf(error))
  }
}

function problemOf(error: unknown): BulkProblem | null {
  if (!(error instanceof ApiProblem)) return null
  const { code, cause, remedy, detail } = error.problem
  return { code, cause, remedy, detail }
}
