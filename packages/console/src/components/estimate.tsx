/**
 * When something is usually through, in the zone of whoever looks; the whole sentence of the service when they point at it.
 *
 * @module
 */
import type { FinishEstimateView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import { formatMoment } from './moment.tsx'

const DAY_MS = 86_400_000

export function Estimate({ estimate }: { readonly estimate: FinishEstimateView }) {
  const { t } = useTranslation()
  const { usuallyFrom, usuallyUntil, text } = estimate
  const isLong = Date.parse(usuallyUntil) - Date.parse(usuallyFrom) >= DAY_MS
  const precision = isLong ? 'day' : 'minute'
  return (
    <span className="number" title={pick(text)}>
      {t('forms.usually', { from: formatMoment(usuallyFrom, precision), until: formatMoment(usuallyUntil, precision) })}
    </span>
  )
}
