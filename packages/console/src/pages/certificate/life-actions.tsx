/**
 * What can be done with a certificate beside renewing and installing it: its name, whether it renews by itself, and how it ends.
 * Each says beforehand what it does, and why it cannot be done.
 *
 * @module
 */
import type { CertificateDetail, Scope } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMe } from '../../api/use-me.ts'
import { placeOver } from '../../app/over-place.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { pick } from '../../i18n/i18n.ts'
import { afterColon, joinSentences } from '../../components/join-list.ts'
import { useSaid } from '../../components/said.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { applicationPlace } from '../certificates/next-place.ts'
import { allowsWithoutRefund, EndDialog, type EndingWay } from '../orders/end-certificate.tsx'
import './life-actions.css'
import { lifeReason, type LifeAction } from './life-reasons.ts'
import { ManageDrawer } from './manage-drawer.tsx'
import { RenameDrawer } from './rename-drawer.tsx'
import { RevokeDialog } from './revoke-dialog.tsx'

interface LifeProps {
  readonly certificate: CertificateDetail
  readonly reasonOf: (action: LifeAction) => string | null
}

export function LifeActions({ certificate }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const me = useMe()
  if (me.data === undefined) return null
  const scopes: readonly Scope[] = me.data.scopes
  const reasonOf = (action: LifeAction): string | null => {
    const reason = lifeReason(action, certificate, scopes)
    return reason === null ? null : t(`life.reasons.${reason}`)
  }
  return (
    <ul className="life">
      <Rename certificate={certificate} reasonOf={reasonOf} />
      <Manage certificate={certificate} reasonOf={reasonOf} />
      <Reissue certificate={certificate} reasonOf={reasonOf} />
      {certificate.orderId !== null && scopes.includes('orders:read') && (
        <Money certificate={certificate} orderId={certificate.orderId} reasonOf={reasonOf} />
      )}
      <Revoke certificate={certificate} reasonOf={reasonOf} />
      {certificate.status === 'reviewFailed' && certificate.orderId !== null && scopes.includes('orders:read') ? (
        <RemoveRefused certificate={certificate} orderId={certificate.orderId} reasonOf={reasonOf} />
      ) : (
        <Remove certificate={certificate} reasonOf={reasonOf} />
      )}
    </ul>
  )
}

interface LineProps {
  readonly title: string
  /** What it is now, or why nothing can be done. */
  readonly text: ReactNode
  readonly children: ReactNode
}

function Line({ title, text, children }: LineProps) {
  return (
    <li>
      <div>
        <strong>{title}</strong>
        <div className="muted break">{text}</div>
      </div>
      <div className="life-buttons">{children}</div>
    </li>
  )
}

function Rename({ certificate, reasonOf }: LifeProps) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const reason = reasonOf('rename')
  return (
    <Line title={t('life.name')} text={reason ?? certificate.name}>
      <Action label={t('life.rename')} of={certificate.name} reason={reason} onClick={() => setOpen(true)} />
      <RenameDrawer certificate={certificate} isOpen={isOpen} onClose={() => setOpen(false)} />
    </Line>
  )
}

function Manage({ certificate, reasonOf }: LifeProps) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const { id, name, management } = certificate
  const reason = reasonOf('manage')
  return (
    <Line
      title={t('life.managed')}
      text={management === null ? (reason ?? t('life.notManaged')) : <Plan management={management} />}
    >
      <Action
        label={management === null ? t('life.manage') : t('life.changeLimit')}
        of={name}
        reason={reason}
        onClick={() => setOpen(true)}
      />
      {management !== null && (
        <ConfirmedAction
          label={t('life.unmanage')}
          of={name}
          reason={reason}
          title={t('life.unmanageTitle')}
          text={t('life.unmanageText')}
          consequences={[t('life.unmanageRenewal'), t('life.unmanageMoney')]}
          isDangerous={false}
          act={() => api.management.stop({ id })}
          changes={keys.certificates}
        />
      )}
      <ManageDrawer certificate={certificate} isOpen={isOpen} onClose={() => setOpen(false)} />
    </Line>
  )
}

/** Within the period paid for; until when that is, the page says above. */
function Reissue({ certificate, reasonOf }: LifeProps) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const reason = reasonOf('reissue')
  return (
    <Line title={t('life.reissue')} text={reason ?? t('life.reissueText')}>
      <Action
        label={t('life.reissueNow')}
        of={certificate.name}
        reason={reason}
        onClick={() => go(placeOver(`${applicationPlace(certificate)}?reissue`))}
      />
    </Line>
  )
}

type Management = NonNullable<CertificateDetail['management']>

function Plan({ management }: { readonly management: Management }) {
  const { t } = useTranslation()
  const { spendingLimit, nextAction, at, suggestion, problem, foreseen } = management
  return (
    <>
      {t('life.limitIs', { amount: formatMoney(spendingLimit) })}
      {nextAction !== null && at !== null && (
        <>
          {' '}
          {nextAction === 'renew' && foreseen !== null ? t('life.nextWould') : t(`life.next.${nextAction}`)}
          {afterColon()}
          <Moment at={at} />
        </>
      )}
      {suggestion !== null && <Suggestion suggestion={suggestion} />}
      {foreseen !== null && (
        <div className="life-problem">
          <p>{pick(foreseen.text)}</p>
        </div>
      )}
      {problem !== null && (
        <div className="life-problem">
          <p>{joinSentences([pick(problem.cause), pick(problem.remedy)])}</p>
          <TechnicalDetail text={problem.detail} />
        </div>
      )}
    </>
  )
}

/** When the CA would have it renewed (RFC 9773), and its page that says why. */
function Suggestion({ suggestion }: { readonly suggestion: NonNullable<Management['suggestion']> }) {
  const { t } = useTranslation()
  const { from, until, page } = suggestion
  return (
    <div className="life-suggestion">
      {t('life.suggested')}
      {afterColon()}
      <Moment at={from} /> – <Moment at={until} />
      {page !== null && (
        <>
          {' '}
          <a href={page} target="_blank" rel="noreferrer noopener">
            {t('life.suggestedWhy')}
          </a>
        </>
      )}
    </div>
  )
}

function Money({ certificate, orderId, reasonOf }: LifeProps & { readonly orderId: string }) {
  const { t } = useTranslation()
  const [way, setWay] = useState<EndingWay | null>(null)
  const [done, setDone] = useSaid()
  const order = useQuery({ queryKey: keys.order(orderId), queryFn: () => api.orders.get({ id: orderId }) })
  const { name } = certificate
  const [cancelReason, refundReason] = [reasonOf('cancel'), reasonOf('refund')]
  return (
    <Line
      title={t('life.money')}
      text={joinSentences([...new Set([cancelReason, refundReason])].filter((text) => text !== null)) || t('life.moneyText')}
    >
      {order.data !== undefined && (
        <>
          <Action label={t('life.cancel')} of={name} reason={cancelReason} onClick={() => setWay('cancel')} />
          <Action label={t('life.refund')} of={name} reason={refundReason} onClick={() => setWay('refund')} />
          <EndDialog
            order={order.data}
            certificate={certificate}
            way={way}
            onClose={() => setWay(null)}
            onEnded={({ refund }) =>
              setDone((t) => (refund === null ? t('life.endedWithout') : t('life.endedWith', { amount: formatMoney(refund) })))
            }
          />
        </>
      )}
      <ProblemNotice error={order.error} onRetry={() => void order.refetch()} />
      <DoneNotice title={done} />
    </Line>
  )
}

function Revoke({ certificate, reasonOf }: LifeProps) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const reason = reasonOf('revoke')
  return (
    <Line title={t('life.revocation')} text={reason ?? t('life.revocationText')}>
      <Action label={t('life.revoke')} of={certificate.name} reason={reason} onClick={() => setOpen(true)} />
      {certificate.status === 'revocationPending' && <Confirmation certificate={certificate} reasonOf={reasonOf} />}
      <RevokeDialog certificate={certificate} isOpen={isOpen} onClose={() => setOpen(false)} />
    </Line>
  )
}

/** OV and EV: the contact says yes or no. */
function Confirmation({ certificate: { id, name }, reasonOf }: LifeProps) {
  const { t } = useTranslation()
  const revocation = useQuery({ queryKey: keys.revocation(id), queryFn: () => api.certificates.revocation({ id }) })
  if (revocation.data?.state !== 'awaitingConfirmation') return null
  const reason = reasonOf('rename') // the same permission
  return (
    <>
      <ConfirmedAction
        label={t('life.confirmRevocation')}
        of={name}
        reason={reason}
        title={t('life.confirmTitle')}
        text={t('life.confirmText')}
        act={() => api.certificates.confirmRevocation({ id })}
        changes={keys.certificates}
      />
      <ConfirmedAction
        label={t('life.declineRevocation')}
        of={name}
        reason={reason}
        title={t('life.declineTitle')}
        text={t('life.declineText')}
        isDangerous={false}
        act={() => api.certificates.declineRevocation({ id })}
        changes={keys.certificates}
      />
    </>
  )
}

/** What was refused ends with its order, as by cancelling. */
function RemoveRefused({ certificate, orderId, reasonOf }: LifeProps & { readonly orderId: string }) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const order = useQuery({ queryKey: keys.order(orderId), queryFn: () => api.orders.get({ id: orderId }) })
  const reason = reasonOf('remove')
  return (
    <Line title={t('life.deletion')} text={reason ?? t('life.deletionOfRefused')}>
      {order.data !== undefined && (
        <>
          <Action label={t('life.remove')} of={certificate.name} reason={reason} onClick={() => setOpen(true)} />
          <EndDialog
            order={order.data}
            certificate={certificate}
            way={isOpen ? 'remove' : null}
            onClose={() => setOpen(false)}
            onEnded={() => setOpen(false)}
          />
        </>
      )}
      <ProblemNotice error={order.error} onRetry={() => void order.refetch()} />
    </Line>
  )
}

function Remove({ certificate: { id, name }, reasonOf }: LifeProps) {
  const { t } = useTranslation()
  const reason = reasonOf('remove')
  return (
    <Line title={t('life.deletion')} text={reason ?? t('life.deletionText')}>
      <ConfirmedAction
        label={t('life.remove')}
        of={name}
        reason={reason}
        title={t('life.removeTitle', { name })}
        text={t('life.removeText')}
        consequences={[t('life.removeRow'), t('life.removeKeys'), t('life.removeMoney'), t('life.removeLink')]}
        act={() => api.certificates.remove({ id })}
        otherwise={{
          label: t('orders.ways.removeWithoutRefund'),
          isLeft: allowsWithoutRefund,
          act: () => api.certificates.remove({ id, withoutRefund: true }),
        }}
        changes={keys.certificates}
      />
    </Line>
  )
}
