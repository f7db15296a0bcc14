/**
 * What can be done with a certificate, and why something cannot.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import MoreOutlined from '@ant-design/icons/es/icons/MoreOutlined'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { useLocation } from 'wouter'
import { ApiProblem } from '@evercert/contract/client'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import { Action } from '../../components/action.tsx'
import { DropMenu } from '../../components/drop-menu.tsx'
import { useToasts } from '../../components/said.tsx'
import { pick, t } from '../../i18n/i18n.ts'
import { applicationPlace, certificatePlace, isApplying, renewalPlace } from './next-place.ts'

interface RowActionsProps {
  readonly certificate: CertificateView
}

const ENDED = new Set(['revoked', 'cancelled', 'refunded', 'closed'])

export function RowActions({ certificate }: RowActionsProps) {
  const { name, status, sha256 } = certificate
  const notIssued = sha256 === null ? t('certificates.notIssuedReason') : null
  return (
    <div className="actions">
      <RenewAction certificate={certificate} />
      <Action
        label={t('certificates.apply')}
        of={name}
        href={applicationPlace(certificate)}
        isOver
        reason={isApplying(certificate) ? null : t('certificates.applyReason')}
      />
      <Action
        label={t('certificates.deploy')}
        of={name}
        href={`${certificatePlace(certificate)}#targets`}
        reason={notIssued ?? (ENDED.has(status) ? t('certificates.endedReason') : null)}
      />
      <Action
        label={t('certificates.download')}
        of={name}
        href={`${certificatePlace(certificate)}#downloads`}
        reason={notIssued ?? (status === 'revoked' ? t('certificates.revokedReason') : null)}
      />
      <MoreActions certificate={certificate} />
    </div>
  )
}

/** FD: 续费购买 is offered in the window alone; at any other time it says why not. */
export function RenewAction({ certificate }: RowActionsProps) {
  const { name, renewal, renewedByCertificateId, nextStep } = certificate
  if (renewal.action === 'reissue')
    return <Action label={t('certificates.reissue')} of={name} href={applicationPlace(certificate)} isOver />
  // An upload that follows it is no renewal that goes on here.
  const isFollowed = renewal.reasons.some(({ code, facts }) => code === 'alreadyRenewed' && facts['renewalId'] === null)
  const isUnderWay = !isFollowed && (renewedByCertificateId !== null || nextStep.code === 'pay')
  if (isUnderWay) return <Action label={t('certificates.continueRenewal')} of={name} href={renewalPlace(certificate)} isOver />
  const [first] = renewal.reasons
  const reason = first === undefined ? t('certificates.noRenewReason') : pick(first.text)
  return (
    <Action
      label={t('certificates.renew')}
      of={name}
      href={renewalPlace(certificate)}
      isOver
      reason={renewal.eligible ? null : reason}
    />
  )
}

/** Of the menu that is open: a row that is drawn in another way, as when a screen is turned, has it open too. */
let opened: { readonly id: string } | null = null
const REDRAWN_WITHIN_MS = 1000

/** Keeps an open menu, and what it belongs to, in sight. */
function useOpenMenu(id: string, isOpen: boolean, button: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (!isOpen) return undefined
    const own = { id }
    opened = own
    const keepInSight = (): number => requestAnimationFrame(() => button.current?.scrollIntoView({ block: 'nearest' }))
    keepInSight()
    addEventListener('resize', keepInSight)
    return () => {
      removeEventListener('resize', keepInSight)
      setTimeout(() => {
        if (opened === own) opened = null
      }, REDRAWN_WITHIN_MS)
    }
  }, [id, isOpen, button])
}

/** The menu is made when somebody wants it: a list has thousands of these. */
function MoreActions({ certificate }: RowActionsProps) {
  const [isWanted, setWanted] = useState(() => opened?.id === certificate.id)
  if (isWanted) return <MoreMenu certificate={certificate} />
  return (
    <button
      type="button"
      className="more-button"
      aria-label={`${t('certificates.more')}: ${certificate.name}`}
      aria-haspopup="menu"
      onClick={() => setWanted(true)}
    >
      <MoreOutlined />
    </button>
  )
}

/** Opens as it appears, in place of the button that was pressed, and has its focus. */
function MoreMenu({ certificate }: RowActionsProps) {
  const [, go] = useLocation()
  const [isOpen, setOpen] = useState(true)
  const toasts = useToasts()
  const queries = useQueryClient()
  // By name, and not by the contract's declaration: that is larger than the rest of this page, which is the first that is seen.
  const mayProbe = useMay('certificates:write')
  const lacking = mayProbe ? null : t('problem.lacking', { scope: 'certificates:write' })
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus({ preventScroll: true }), [])
  useOpenMenu(certificate.id, isOpen, button)
  const probe = useMutation({
    mutationFn: () => api.certificates.verify({ id: certificate.id }),
    onSuccess: (seen) => {
      void queries.invalidateQueries({ queryKey: keys.certificates })
      toasts.info((t) => t('certificates.probed', { sentence: pick(seen.nextStep.text) }))
    },
    onError: (error) => toasts.error((t) => (error instanceof ApiProblem ? pick(error.problem.cause) : t('problem.awayCause'))),
  })
  const items = [
    { key: 'details', label: t('certificates.details'), onClick: () => go(certificatePlace(certificate)) },
    {
      key: 'probe',
      label: lacking === null ? t('certificates.probe') : `${t('certificates.probe')}: ${lacking}`,
      disabled: certificate.sha256 === null || lacking !== null,
      onClick: () => probe.mutate(),
    },
  ]
  return (
    <DropMenu
      menu={{ items }}
      open={isOpen}
      onOpenChange={(wanted) => {
        if (!wanted) opened = null
        setOpen(wanted)
      }}
    >
      <Button
        ref={button}
        type="text"
        size="small"
        icon={<MoreOutlined />}
        loading={probe.isPending}
        aria-label={`${t('certificates.more')}: ${certificate.name}`}
        aria-haspopup="menu"
      />
    </DropMenu>
  )
}
