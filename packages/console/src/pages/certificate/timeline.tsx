/**
 * Who did what to a certificate, when and why, newest first.
 *
 * @module
 */
import type { HistoryEntryView } from '@evercert/contract'
import { detailInChinese } from '@evercert/contract/history-details'
import { useInfiniteQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import i18n from 'i18next'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { currentLanguage } from '../../i18n/i18n.ts'
import { whatHappened } from '../audit/audit-words.ts'

const SHOWN_AT_FIRST = 12

export function Timeline({ id, newest }: { readonly id: string; readonly newest: readonly HistoryEntryView[] }) {
  const { t } = useTranslation()
  const [isWhole, setWhole] = useState(false)
  const history = useInfiniteQuery({
    queryKey: keys.history(id),
    queryFn: ({ pageParam }) => api.certificates.history({ id, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: isWhole,
  })
  const entries = isWhole ? (history.data?.pages.flatMap(({ items }) => items) ?? newest) : newest.slice(0, SHOWN_AT_FIRST)
  const hasMore = isWhole ? history.hasNextPage : newest.length > SHOWN_AT_FIRST
  return (
    <>
      <ol className="history">
        {entries.map((entry) => (
          <Entry key={`${entry.at} ${entry.subjectId} ${entry.to}`} entry={entry} />
        ))}
      </ol>
      <ProblemNotice error={history.error} />
      {hasMore && (
        <Button loading={history.isFetching} onClick={() => (isWhole ? void history.fetchNextPage() : setWhole(true))}>
          {t('certificate.olderEntries')}
        </Button>
      )}
    </>
  )
}

/** A noun that this console does not know yet stands as the service sends it. */
function nounOf(kind: 'subjects' | 'states', noun: string): string {
  const key = `history.${kind}.${noun}`
  return i18n.exists(key) ? String(i18n.t(key as 'history.states.open')) : noun
}

/** Of an approval that waits it is the operation, by its name in the API. */
function detailOf(subject: string, detail: string): string {
  if (subject === 'approval' && /^\w+\.\w+$/.test(detail)) return whatHappened({ source: 'entry', action: detail })
  return currentLanguage() === 'zh' ? detailInChinese(detail) : detail
}

function Entry({ entry: { at, subject, from, to, actor, detail } }: { readonly entry: HistoryEntryView }) {
  return (
    <li>
      <span className="muted">
        <Moment at={at} precision="second" />
      </span>
      <div className="history-what">
        <strong>{nounOf('subjects', subject)}</strong>{' '}
        {from !== null && <span className="muted">{nounOf('states', from)} → </span>}
        {nounOf('states', to)}
        <span className="muted"> · {actor}</span>
        {detail !== null && <TechnicalDetail text={detailOf(subject, detail)} />}
      </div>
    </li>
  )
}
