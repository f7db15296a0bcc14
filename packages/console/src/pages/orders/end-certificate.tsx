/**
 * Cancelling a certificate before issuance, or asking for the money of a revoked one: what it does is said before, and a refusal says
 * what is possible instead.
 *
 * @module
 */
import type { CertificateDetail, EndingView, OrderView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { formatMoney } from '../../components/money.ts'
import { useRefreshMoney } from './refresh-money.ts'

interface EndCertificateProps {
  readonly order: OrderView
  readonly certificate: CertificateDetail
  readonly onEnded: (ended: EndingView) => void
}

type Way = 'cancel' | 'cancelWithoutRefund' | 'refund'

export function EndCertificate({ order, certificate, onEnded }: EndCertificateProps) {
  const { t } = useTranslation()
  const [way, setWay] = useState<Way | null>(null)
  const end = useEnd(certificate.id, (ended) => {
    setWay(null)
    onEnded(ended)
  })
  const isIssued = certificate.sha256 !== null
  const isLate = way === 'cancel' && allowsCancelWithoutRefund(end.error)
  const close = (): void => {
    setWay(null)
    end.reset()
  }
  if (isIssued && certificate.status !== 'revoked') return <p className="muted">{t('orders.issuedText')}</p>
  return (
    <>
      {!isIssued && <Button onClick={() => setWay('cancel')}>{t('orders.cancelCertificate')}</Button>}
      <Button onClick={() => setWay('refund')}>{t('orders.refund')}</Button>
      <ConfirmDialog
        title={way === 'refund' ? t('orders.refundTitle') : t('orders.cancelTitle')}
        confirm={way === null ? '' : t(`orders.ways.${isLate ? 'cancelWithoutRefund' : way}`)}
        isOpen={way !== null}
        isPending={end.isPending}
        error={end.error}
        onConfirm={() => {
          if (way !== null) end.mutate(isLate ? 'cancelWithoutRefund' : way)
        }}
        onClose={close}
      >
        <Consequences order={order} isIssued={isIssued} isRefund={way === 'refund'} isLate={isLate} />
      </ConfirmDialog>
    </>
  )
}

function useEnd(id: string, onEnded: (ended: EndingView) => void) {
  const keyFor = useIdempotencyKey()
  const refresh = useRefreshMoney()
  return useMutation({
    mutationFn: (way: Way) =>
      way === 'refund'
        ? api.certificates.refund({ id }, keyFor({ id, way }))
        : api.certificates.cancel({ id, withoutRefund: way === 'cancelWithoutRefund' }, keyFor({ id, way })),
    onSuccess: async (ended) => {
      onEnded(ended)
      await refresh()
    },
  })
}

/** The days are over, and giving the certificate up without the money is what is left. */
function allowsCancelWithoutRefund(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return false
  const { possible } = error.problem.facts
  return Array.isArray(possible) && possible.includes('cancelWithoutRefund')
}

interface ConsequencesProps {
  readonly order: OrderView
  readonly isIssued: boolean
  readonly isRefund: boolean
  readonly isLate: boolean
}

function Consequences({ order, isIssued, isRefund, isLate }: ConsequencesProps) {
  const { t } = useTranslation()
  return (
    <>
      <p>{isLate ? t('orders.lateText') : t('orders.endIntro')}</p>
      <ul className="consequences">
        <li>{isRefund ? t('orders.becomesRefunded') : t('orders.becomesCancelled')}</li>
        <li>{isLate ? t('orders.noMoneyBack') : t('orders.priceBack', { amount: formatMoney(order.price) })}</li>
        <li>{isIssued ? t('orders.entitlementIsOver') : t('orders.entitlementNever')}</li>
        {order.kind === 'renewal' && !isIssued && <li>{t('orders.oldAgain')}</li>}
        <li>{t('orders.keysWillGo')}</li>
      </ul>
    </>
  )
}
