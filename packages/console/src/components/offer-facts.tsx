/**
 * What paying an order gets, as facts of a list: for which names, what is topped up and until when, how long it takes.
 *
 * @module
 */
import type { OrderDetail } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import { joinList } from './join-list.ts'
import { Moment } from './moment.tsx'

/** More are counted: an order may hold hundreds. */
const NAMES_SHOWN = 5

export function OfferFacts({ offer }: { readonly offer: NonNullable<OrderDetail['offer']> }) {
  const { t } = useTranslation()
  const { renewsName, names, notCarriedOver, topUp, estimate } = offer
  const shown = joinList(names.slice(0, NAMES_SHOWN))
  return (
    <>
      {renewsName !== null && (
        <>
          <dt>{t('offer.renews')}</dt>
          <dd className="break">{renewsName}</dd>
        </>
      )}
      <dt>{t('offer.names')}</dt>
      <dd className="break">
        {names.length === 0 ? t('offer.namesLater') : shown}
        {names.length > NAMES_SHOWN && ` ${t('offer.moreNames', { count: names.length - NAMES_SHOWN })}`}
        {notCarriedOver !== null && <div className="muted">{pick(notCarriedOver.text)}</div>}
      </dd>
      {renewsName !== null && (
        <>
          <dt>{t('offer.topUp')}</dt>
          <dd>{pick(topUp.explanation)}</dd>
        </>
      )}
      <dt>{t('offer.entitledUntil')}</dt>
      <dd>
        <strong>
          <Moment at={topUp.entitledUntil} />
        </strong>
        <div className="muted">{t('offer.ifNow')}</div>
      </dd>
      {topUp.shortfallDays > 0 && (
        <>
          <dt>{t('offer.certificateUntil')}</dt>
          <dd>
            <Moment at={topUp.certificateUntil} /> {t('offer.shortfall', { count: topUp.shortfallDays })}
          </dd>
        </>
      )}
      <dt>{t('offer.estimate')}</dt>
      <dd>{pick(estimate)}</dd>
    </>
  )
}
