/**
 * When an application is expected to be through, in words (DOMAIN §3.9).
 *
 * @module
 */
import type { FinishEstimateView } from '@evercert/contract'
import { estimateFinish } from '../domain/application/estimate-finish.ts'
import type { CertificateType } from '../domain/product/specification.ts'
import type { Services } from './context.ts'
import { formatInstant } from './texts.ts'

/** @param submittedAt epoch milliseconds */
export function toEstimateView(
  { calendar }: Pick<Services, 'calendar'>,
  type: CertificateType,
  submittedAt: number,
): FinishEstimateView {
  const estimate = estimateFinish(type, submittedAt, calendar)
  const { fastestAt, usuallyFrom, usuallyUntil, calendarKnown } = estimate
  const [fastest, from, until] = [fastestAt, usuallyFrom, usuallyUntil].map((instant) => formatInstant(instant))
  const unsure = calendarKnown
    ? { en: '', zh: '' }
    : { en: ' Days off of that year are not announced yet: it may take longer.', zh: '该年放假安排尚未公布，可能更久。' }
  return {
    fastestAt: new Date(fastestAt).toISOString(),
    usuallyFrom: new Date(usuallyFrom).toISOString(),
    usuallyUntil: new Date(usuallyUntil).toISOString(),
    calendarKnown,
    text: {
      en: `${type}: at the fastest ${fastest}, usually ${from} to ${until}.${unsure.en}`,
      zh: `${type} 最快 ${fastest}，一般 ${from} 至 ${until}。${unsure.zh}`,
    },
  }
}

/** Null when nothing is in progress. */
export function estimateOf(
  services: Pick<Services, 'calendar'>,
  type: CertificateType | null,
  application: { readonly state: string; readonly submittedAt: number } | null,
): FinishEstimateView | null {
  if (type === null || application === null) return null
  const isUnderWay = application.state === 'pendingValidation' || application.state === 'inReview'
  return isUnderWay ? toEstimateView(services, type, application.submittedAt) : null
}
