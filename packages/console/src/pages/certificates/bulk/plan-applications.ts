/**
 * Which applications of many can be submitted as they are prefilled, and which need a person first and why.
 *
 * @module
 */
import type { ApplicationFormView, ApplicationView, CertificateView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import type { TFunction } from 'i18next'
import { api } from '../../../api/client.ts'
import { joinSentences } from '../../../components/join-list.ts'
import { pick } from '../../../i18n/i18n.ts'
import type { LeftOut } from './report-csv.ts'
import type { BulkItem } from './run-bulk.ts'

export interface PlannedApplication extends BulkItem {
  readonly form: ApplicationFormView
  /** The application that was there before; null: none. */
  readonly previousId: string | null
}

type Planned = PlannedApplication | LeftOut

export const isPlanned = (one: Planned): one is PlannedApplication => 'form' in one

/** @throws TypeError when the service is away */
export async function planApplication(certificate: CertificateView, t: TFunction): Promise<Planned> {
  const { id, name } = certificate
  const leave = (reason: string): LeftOut => ({ certificateId: id, name, reason })
  const reason = reasonAgainst(certificate, t)
  if (reason !== null) return leave(reason)
  try {
    const { id: previousId, form } = await api.applications.get({ id })
    if (form.domains.length === 0) return leave(t('bulk.applyEmpty'))
    return { id, certificateId: id, name, form, previousId }
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error
    return leave(joinSentences([pick(error.problem.cause), pick(error.problem.remedy)]))
  }
}

/** Null: it waits for its application, or is to be reissued at no charge. */
function reasonAgainst({ status, nextStep, renewal }: CertificateView, t: TFunction): string | null {
  if (status === 'reviewFailed') return t('bulk.applyRefused')
  const isUnderWay = ['completeValidation', 'awaitValidation', 'awaitHostKey', 'startAgent', 'mendHostKey'].includes(
    nextStep.code,
  )
  if (status === 'pendingValidation' || status === 'inReview' || isUnderWay) return t('bulk.applyUnderWay')
  return status === 'pendingApplication' || renewal.action === 'reissue' ? null : t('certificates.applyReason')
}

const UNDER_WAY: ReadonlySet<ApplicationView['state']> = new Set(['pendingValidation', 'inReview', 'issued'])

/** Whether what was sent arrived, though no answer came. @throws ApiProblem, or the transport's own error when the service is away */
export async function hasArrived({ certificateId, previousId }: PlannedApplication): Promise<boolean> {
  const { id, state } = await api.applications.get({ id: certificateId })
  return id !== null && id !== previousId && UNDER_WAY.has(state)
}
