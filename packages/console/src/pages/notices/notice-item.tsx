/**
 * One notice: what it says, whether it was read, and how each channel delivered it.
 *
 * @module
 */
import type { DeliveryView, NoticeView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { Mark, type Tone } from '../../components/status-mark.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { pick } from '../../i18n/i18n.ts'

const DELIVERY_TONES: Readonly<Record<DeliveryView['state'], Tone>> = {
  planned: 'busy',
  failed: 'warning',
  sent: 'good',
  givenUp: 'bad',
  obsolete: 'ended',
}

/** Where what a notice asks for is done; the certificate itself is linked beside it. */
function Place({ notice: { place, certificateId } }: { readonly notice: NoticeView }) {
  if (certificateId !== null && place.path === `/certificates/${certificateId}`) return null
  return (
    <>
      {' · '}
      <Link href={place.path}>{pick(place.title)}</Link>
    </>
  )
}

export function NoticeItem({ notice }: { readonly notice: NoticeView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const mayMarkAll = useMay('notices:write')
  const mayMark = notice.isPersonal || mayMarkAll
  const { id, kind, title, text, certificateId, certificateName, createdAt, readAt, deliveries } = notice
  const read = useMutation({
    mutationFn: () => api.notices.markRead({ id }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.notices }),
  })
  return (
    <li data-notice={id} data-read={readAt !== null}>
      <div className="notice-head">
        <h2>{pick(title)}</h2>
        <Moment at={createdAt} />
      </div>
      <p className="keep-lines">{pick(text)}</p>
      <p className="muted">
        {t(`notices.kinds.${kind}`)}
        {notice.isPersonal && ` · ${t('notices.personal')}`}
        <Place notice={notice} />
        {certificateId !== null && (
          <>
            {' · '}
            <Link href={`/certificates/${encodeURIComponent(certificateId)}`} className="break">
              {certificateName}
            </Link>
          </>
        )}
        {readAt !== null && (
          <>
            {' · '}
            {t('notices.readAt')} <Moment at={readAt} />
          </>
        )}
      </p>
      {deliveries.length > 0 && (
        <details>
          <summary>{t('notices.deliveries', { count: deliveries.length })}</summary>
          <ul className="deliveries">
            {deliveries.map((delivery) => (
              <Delivery key={delivery.id} delivery={delivery} />
            ))}
          </ul>
        </details>
      )}
      <ProblemNotice error={read.error} />
      {readAt === null && mayMark && (
        <Button size="small" loading={read.isPending} onClick={() => read.mutate()}>
          {t('notices.markRead')}
          <span className="visually-hidden"> {pick(title)}</span>
        </Button>
      )}
    </li>
  )
}

function Delivery({ delivery }: { readonly delivery: DeliveryView }) {
  const { t } = useTranslation()
  const { channelName, state, attempts, sentAt, nextAttemptAt, problem } = delivery
  return (
    <li>
      <strong>{channelName}</strong> <Mark tone={DELIVERY_TONES[state]}>{t(`notices.states.${state}`)}</Mark>{' '}
      {sentAt !== null && <Moment at={sentAt} />}
      {sentAt === null && attempts > 0 && <span className="muted">{t('notices.attempts', { count: attempts })}</span>}
      {nextAttemptAt !== null && (
        <span className="muted">
          {' '}
          {t('notices.nextAttempt')} <Moment at={nextAttemptAt} />
        </span>
      )}
      {problem !== null && <TechnicalDetail text={problem.detail} />}
    </li>
  )
}
