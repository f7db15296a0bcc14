/**
 * An action on many as a dialog shows it: planned, under way, reported.
 *
 * @module
 */
import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { runBulk, type BulkFacts, type BulkItem, type BulkOutcome } from './run-bulk.ts'

interface BulkRunOptions<Item> {
  readonly concurrency: number
  readonly batchSize?: number
  readonly work: (batch: readonly Item[], tell: (item: Item, facts: BulkFacts) => void) => Promise<void>
  /** Told of each outcome, also after the dialog is gone. */
  readonly onOutcome?: (item: Item, outcome: BulkOutcome) => void
  /** What is old afterwards. */
  readonly changes: readonly QueryKey[]
}

export interface BulkRun<Item extends BulkItem> {
  readonly phase: 'plan' | 'running' | 'report'
  readonly isStopping: boolean
  readonly items: readonly Item[]
  readonly outcomes: ReadonlyMap<string, BulkOutcome>
  /** @param known outcomes of an earlier run: what is done is not done again */
  readonly start: (items: readonly Item[], known?: ReadonlyMap<string, BulkOutcome>) => void
  /** Begins nothing more; the report comes when what is under way has ended. */
  readonly stop: () => void
  /** What failed, and what was not begun. */
  readonly retry: () => void
}

export function useBulkRun<Item extends BulkItem>(options: BulkRunOptions<Item>): BulkRun<Item> {
  const queries = useQueryClient()
  const [phase, setPhase] = useState<BulkRun<Item>['phase']>('plan')
  const [isStopping, setStopping] = useState(false)
  const [items, setItems] = useState<readonly Item[]>([])
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, BulkOutcome>>(new Map())
  const stopper = useRef(new AbortController())
  useEffect(() => () => stopper.current.abort(), [])
  useWarningBeforeLeaving(phase === 'running')
  const run = async (all: readonly Item[], known: ReadonlyMap<string, BulkOutcome>): Promise<void> => {
    const kept = new Map([...known].filter(([, { result }]) => result === 'done'))
    stopper.current = new AbortController()
    setItems(all)
    setOutcomes(kept)
    setStopping(false)
    setPhase('running')
    await runBulk(
      all.filter(({ id }) => !kept.has(id)),
      {
        concurrency: options.concurrency,
        batchSize: options.batchSize ?? 1,
        signal: stopper.current.signal,
        work: options.work,
        onOutcome: (item, outcome) => {
          options.onOutcome?.(item, outcome)
          setOutcomes((present) => new Map(present).set(item.id, outcome))
        },
      },
    )
    setPhase('report')
    await Promise.all(options.changes.map((queryKey) => queries.invalidateQueries({ queryKey })))
  }
  return {
    phase,
    isStopping,
    items,
    outcomes,
    start: (all, known = new Map()) => void run(all, known),
    stop: () => {
      stopper.current.abort()
      setStopping(true)
    },
    retry: () => void run(items, outcomes),
  }
}

/** The browser asks whoever closes the tab meanwhile. */
function useWarningBeforeLeaving(isRunning: boolean): void {
  useEffect(() => {
    if (!isRunning) return
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [isRunning])
}
