/**
 * Cancelling a certificate before issuance, deleting a refused one, or asking for the money of a revoked one: what it does is said before, and a refusal says
 * what is possible instead.
 *
 * @module
 */
import type { CertificateDetail, EndingView, OrderView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { Consequences } from '../../components/consequences.tsx'
import { formatMoney } from '../../components/money.ts'
import { useRefreshMoney } from './refresh-money.ts'

interface EndCertificateProps {
  readonly order: OrderView
  readonly certificate: CertificateDetail
  readonly onEnded: (ended: EndingView) => void
}

export type EndingWay = 'cancel' | 'refund' | 'remove'

/** What is asked of the service; to say that the money may be lost is a wish of its own. */
interface Wish {
  readonly way: EndingWay
  readonly withoutRefund: boolean
}

export function EndCertificate({ order, certificate, onEnded }: EndCertificateProps) {
  const { t } = useTranslation()
  const [way, setWay] = useState<EndingWay | null>(null)
  const isIssued = certificate.sha256 !== null
  if (isIssued && certificate.status !== 'revoked') return <p className="muted">{t('orders.issuedText')}</p>
  return (
    <>
      {!isIssued && (
        <AllowedButton operation="certificates.cancel" label={t('orders.cancelCertificate')} onClick={() => setWay('cancel')} />
      )}
      <AllowedButton operation="certificates.refund" label={t('orders.refund')} onClick={() => setWay('refund')} />
      <EndDialog order={order} certificate={certificate} way={way} onEnded={onEnded} onClose={() => setWay(null)} />
    </>
  )
}

interface EndDialogProps extends EndCertificateProps {
  /** Null: closed. */
  readonly way: EndingWay | null
  readonly onClose: () => void
}

/** Asks before the certificate is cancelled or refunded. */
export function EndDialog({ order, certificate, way, onEnded, onClose }: EndDialogProps) {
  const { t } = useTranslation()
  const end = useEnd(certificate.id, (ended) => {
    onClose()
    onEnded(ended)
  })
  const isIssued = certificate.sha256 !== null
  const isLate = way !== 'refund' && allowsWithoutRefund(end.error)
  return (
    <ConfirmDialog
      title={t(`orders.titles.${way ?? 'cancel'}`)}
      confirm={way === null ? '' : t(`orders.ways.${isLate ? (`${way}WithoutRefund` as const) : way}`)}
      isOpen={way !== null}
      isPending={end.isPending}
      error={end.error}
      onConfirm={() => {
        if (way !== null) end.mutate({ way, withoutRefund: isLate })
      }}
      onClose={() => {
        onClose()
        end.reset()
      }}
    >
      <EndingText order={order} isIssued={isIssued} isManaged={certificate.managed} isRefund={way === 'refund'} isLate={isLate} />
    </ConfirmDialog>
  )
}

function useEnd(id: string, onEnded: (ended: EndingView) => void) {
  const keyFor = useIdempotencyKey()
  const refresh = useRefreshMoney()
  return useMutation({
    mutationFn: ({ way, withoutRefund }: Wish): Promise<EndingView | null> => {
      if (way === 'refund') return api.certificates.refund({ id }, keyFor({ id, way }))
      if (way === 'cancel') return api.certificates.cancel({ id, withoutRefund }, keyFor({ id, way, withoutRefund }))
      return api.certificates.remove({ id, withoutRefund }).then(({ ending }) => ending)
    },
    onSuccess: async (ended) => {
      if (ended !== null) onEnded(ended)
      await refresh()
    },
  })
}

/** Giving the certificate up without the money is what is left: the days are over, or the money is to be lost. */
export function allowsWithoutRefund(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return false
  const { possible } = error.problem.facts
  return Array.isArray(possible) && possible.some((way) => way === 'cancelWithoutRefund' || way === 'deleteWithoutRefund')
}

interface EndingTextProps {
  readonly order: OrderView
  readonly isIssued: boolean
  readonly isManaged: boolean
  readonly isRefund: boolean
  readonly isLate: boolean
}

function EndingText({ order, isIssued, isManaged, isRefund, isLate }: EndingTextProps) {
  const { t } = useTranslation()
  const items = [
    isRefund ? t('orders.becomesRefunded') : t('orders.becomesCancelled'),
    isLate ? t('orders.noMoneyBack') : t('orders.priceBack', { amount: formatMoney(order.price) }),
    isIssued ? t('orders.entitlementIsOver') : t('orders.entitlementNever'),
    ...(order.kind === 'renewal' && !isIssued ? [isManaged ? t('orders.oldManagedAgain') : t('orders.oldAgain')] : []),
    t('orders.keysWillGo'),
  ]
  return (
    <>
      <p>{isLate ? t('orders.lateText') : t('orders.endIntro')}</p>
      <Consequences items={items} />
    </>
  )
}
