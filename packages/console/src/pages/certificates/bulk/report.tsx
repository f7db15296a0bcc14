/**
 * What became of an action on many: what failed and why comes first.
 *
 * @module
 */
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { joinSentences } from '../../../components/join-list.ts'
import { formatMoney } from '../../../components/money.ts'
import { Mark, type Tone } from '../../../components/status-mark.tsx'
import { pick } from '../../../i18n/i18n.ts'
import { certificatePlace } from '../next-place.ts'
import { LeftOutList, ScrolledList } from './left-out-list.tsx'
import type { LeftOut } from './report-csv.ts'
import type { BulkItem, BulkOutcome } from './run-bulk.ts'

/** Cause and remedy in words. */
export function reasonOf({ problem, facts }: BulkOutcome, t: TFunction): string {
  const why = problem === null ? [t('bulk.unknownCause'), t('bulk.unknownRemedy')] : [pick(problem.cause), pick(problem.remedy)]
  return joinSentences(facts.orderId === undefined ? why : [t('bulk.orderedUnpaid', { id: facts.orderId }), ...why])
}

interface ReportProps {
  readonly items: readonly BulkItem[]
  readonly outcomes: ReadonlyMap<string, BulkOutcome>
  readonly leftOut: readonly LeftOut[]
  readonly afterwards?: string
}

export function Report({ items, outcomes, leftOut, afterwards }: ReportProps) {
  const { t } = useTranslation()
  const of = (result: BulkOutcome['result'] | null): BulkItem[] =>
    items.filter(({ id }) => (outcomes.get(id)?.result ?? null) === result)
  const [failed, open, done] = [of('failed'), of(null), of('done')]
  return (
    <>
      <div role="status" className="bulk-sums">
        <Sum tone="good" text={t('bulk.doneCount', { count: done.length })} />
        {failed.length > 0 && <Sum tone="bad" text={t('bulk.failedCount', { count: failed.length })} />}
        {open.length > 0 && <Sum tone="todo" text={t('bulk.openCount', { count: open.length })} />}
      </div>
      {failed.length > 0 && (
        <section className="bulk-section">
          <h3>{t('bulk.failedTitle')}</h3>
          <ScrolledList label={t('bulk.failedTitle')}>
            {failed.map((item) => (
              <Failure key={item.id} item={item} outcome={outcomes.get(item.id)} />
            ))}
          </ScrolledList>
        </section>
      )}
      {open.length > 0 && (
        <section className="bulk-section">
          <h3>{t('bulk.openTitle')}</h3>
          <ScrolledList label={t('bulk.openTitle')}>
            {open.map(({ id, name }) => (
              <li key={id} className="break">
                {name}
              </li>
            ))}
          </ScrolledList>
        </section>
      )}
      <LeftOutList leftOut={leftOut} />
      {done.length > 0 && (
        <section className="bulk-section">
          <h3>{t('bulk.doneTitle')}</h3>
          {afterwards !== undefined && <p>{afterwards}</p>}
          <ScrolledList label={t('bulk.doneTitle')}>
            {done.map((item) => (
              <Success key={item.id} item={item} outcome={outcomes.get(item.id)} />
            ))}
          </ScrolledList>
        </section>
      )}
    </>
  )
}

function Sum({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return <Mark tone={tone}>{text}</Mark>
}

interface RowProps {
  readonly item: BulkItem
  readonly outcome: BulkOutcome | undefined
}

function Failure({ item, outcome }: RowProps) {
  const { t } = useTranslation()
  if (outcome === undefined) return null
  return (
    <li>
      <strong className="break">{item.name}</strong>
      <span>{reasonOf(outcome, t)}</span>
      {outcome.problem !== null && (
        <details>
          <summary>{t('problem.detail')}</summary>
          <span className="muted break" lang="en">
            {outcome.problem.detail}
          </span>
        </details>
      )}
    </li>
  )
}

function Success({ item, outcome }: RowProps) {
  const { t } = useTranslation()
  const { newCertificateId, paid } = outcome?.facts ?? {}
  return (
    <li className="bulk-row">
      <span className="break">{item.name}</span>
      <span className="bulk-end">
        {paid !== undefined && <span className="number">{formatMoney(paid)}</span>}
        {newCertificateId !== undefined && (
          <Link href={certificatePlace({ id: newCertificateId })}>
            {t('bulk.newCertificate')}
            <span className="visually-hidden"> {item.name}</span>
          </Link>
        )}
      </span>
    </li>
  )
}
