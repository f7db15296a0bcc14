/**
 * A renewal from quote to proof, and an application alone, in one drawer. Which step it is at follows from what the service has stored,
 * so that closing it, or the browser, loses nothing.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Drawer from 'antd/es/drawer'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useSearch } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLiveCertificate } from '../../api/use-live-certificate.ts'
import type { PageProps } from '../../app/page-props.ts'
import { useIsOnCertificate } from '../../app/over-place.ts'
import { NARROW, useMedia } from '../../app/preferences.ts'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { listPlace } from '../certificates/list-query.ts'
import { certificatePlace } from '../certificates/next-place.ts'
import { ApplicationStep } from './application-step.tsx'
import { InstallStep } from './install-step.tsx'
import { PayStep } from './pay-step.tsx'
import { ProcessBar } from './process-bar.tsx'
import { QuoteStep } from './quote-step.tsx'
import './renewal.css'
import { stepOf, type ProcessStep } from './step-of.ts'
import { ReviewStep, ValidationStep } from './validation-step.tsx'

const WIDTH = 760

/** `/certificates/:id/renewal`, where `id` is the certificate that is renewed. */
export function RenewalDrawer({ params: { id = '' } }: PageProps) {
  const { t } = useTranslation()
  const old = useQuery({ queryKey: keys.certificate(id), queryFn: () => api.certificates.get({ id }) })
  const newId = old.data?.renewedByCertificateId ?? null
  useLiveCertificate(old.data === undefined || newId !== null ? null : id)
  return (
    <Frame id={id} title={old.data === undefined ? t('renewal.title') : t('renewal.titleOf', { name: old.data.name })}>
      {old.isPending && <Loading />}
      <ProblemNotice error={old.error} onRetry={() => void old.refetch()} />
      {old.data !== undefined &&
        (newId === null ? <Process old={old.data} fresh={null} /> : <WithNew old={old.data} id={newId} />)}
    </Frame>
  )
}

/** `/certificates/:id/application`: of a certificate that was bought, or is reissued. */
export function ApplicationDrawer({ params: { id = '' } }: PageProps) {
  const { t } = useTranslation()
  const isReissue = new URLSearchParams(useSearch()).has('reissue')
  return (
    <Frame id={id} title={t(isReissue ? 'life.reissue' : 'renewal.application')}>
      <WithNew old={null} id={id} isReissue={isReissue} />
    </Frame>
  )
}

interface FrameProps {
  /** Of the certificate in the address. */
  readonly id: string
  readonly title: string
  readonly children: React.ReactNode
}

function Frame({ id, title, children }: FrameProps) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const isNarrow = useMedia(NARROW)
  const isOnCertificate = useIsOnCertificate()
  useFocusBack()
  return (
    <Drawer
      open
      size={isNarrow ? '100%' : WIDTH}
      title={<h2 className="drawer-title break">{title}</h2>}
      closable={{ 'aria-label': t('shell.close') }}
      onClose={() => go(isOnCertificate ? certificatePlace({ id }) : listPlace(location.search))}
      className="renewal"
    >
      {children}
    </Drawer>
  )
}

/** It is gone with its address, not closed by Ant Design, which would give the focus back. */
function useFocusBack(): void {
  const [opener] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      // After the drawer has let go of the focus.
      requestAnimationFrame(() => {
        if (opener instanceof HTMLElement && opener !== document.body && opener.isConnected) opener.focus({ preventScroll: true })
      })
    },
    [opener],
  )
}

interface WithNewProps {
  readonly old: CertificateDetail | null
  readonly id: string
  readonly isReissue?: boolean
}

function WithNew({ old, id, isReissue = false }: WithNewProps) {
  const interval = useLiveCertificate(id)
  const fresh = useQuery({
    queryKey: keys.certificate(id),
    queryFn: () => api.certificates.get({ id }),
    refetchInterval: interval,
  })
  if (fresh.data === undefined) {
    return fresh.isPending ? <Loading /> : <ProblemNotice error={fresh.error} onRetry={() => void fresh.refetch()} />
  }
  return <Process old={old} fresh={fresh.data} isReissue={isReissue} />
}

interface ProcessProps {
  readonly old: CertificateDetail | null
  readonly fresh: CertificateDetail | null
  readonly isReissue?: boolean
}

function Process({ old, fresh, isReissue = false }: ProcessProps) {
  const step = stepOf(old, fresh, isReissue)
  return (
    <>
      <ProcessBar step={step} isRenewal={old !== null} />
      <StepView step={step} old={old} fresh={fresh} isReissue={isReissue} />
    </>
  )
}

function StepView({ step, old, fresh, isReissue = false }: ProcessProps & { readonly step: ProcessStep }) {
  if (step === 'quote') return old === null ? null : <QuoteStep old={old} />
  if (step === 'pay') {
    const orderId = old?.renewalProcess?.orderId
    return orderId === undefined ? null : <PayStep orderId={orderId} />
  }
  if (fresh === null) return null
  if (step === 'apply') return <ApplicationStep certificate={fresh} isReissue={isReissue} />
  if (step === 'validate') return <ValidationStep certificate={fresh} />
  if (step === 'review') return <ReviewStep certificate={fresh} />
  return <InstallStep certificate={fresh} old={old} />
}
