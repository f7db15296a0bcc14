/**
 * Proving control of the domains, and waiting for those who look: what to put where, to copy, with what was seen of it so far.
 *
 * @module
 */
import type { ApplicationView, CertificateDetail, ValidationView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Popconfirm from 'antd/es/popconfirm'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { Mark, type Tone } from '../../components/status-mark.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { afterColon } from '../../components/join-list.ts'

interface StepProps {
  readonly certificate: CertificateDetail
}

const POLL_MS = 5000
const TONES: Readonly<Record<ValidationView['state'], Tone>> = {
  pending: 'todo',
  processing: 'busy',
  valid: 'good',
  invalid: 'bad',
}

function useApplication(id: string) {
  return useQuery({ queryKey: keys.application(id), queryFn: () => api.applications.get({ id }), refetchInterval: POLL_MS })
}

export function ValidationStep({ certificate }: StepProps) {
  const { t } = useTranslation()
  const application = useApplication(certificate.id)
  if (application.data === undefined) {
    return application.isPending ? (
      <Loading />
    ) : (
      <ProblemNotice error={application.error} onRetry={() => void application.refetch()} />
    )
  }
  const { validations, retryAt } = application.data
  return (
    <>
      <p role="status">
        <Sentence of={certificate.nextStep.text} />
      </p>
      {validations.length === 0 && <p className="muted">{t('renewal.validationsComing')}</p>}
      <ul className="validations">
        {validations.map((validation) => (
          <Validation
            key={validation.domain}
            validation={validation}
            isByHand={application.data.form.validationMethod !== 'dnsAutomatic'}
          />
        ))}
      </ul>
      {retryAt !== null && (
        <p className="muted">
          {t('renewal.checkedAgainAt')}
          {afterColon()}
          <Moment at={retryAt} precision="second" />
        </p>
      )}
      <ValidationButtons id={certificate.id} />
    </>
  )
}

interface ValidationProps {
  readonly validation: ValidationView
  readonly isByHand: boolean
}

function Validation({ validation, isByHand }: ValidationProps) {
  const { t } = useTranslation()
  const { domain, method, location, content, state, problem, servers, forwardTo } = validation
  return (
    <li>
      <div className="validation-head">
        <strong className="break">{domain}</strong>
        <Mark tone={TONES[state]}>{t(`renewal.validationStates.${state}`)}</Mark>
      </div>
      {state !== 'valid' && (
        <>
          <p>{isByHand ? t(`renewal.instructions.${method}`) : t('renewal.instructions.automatic')}</p>
          <dl className="facts">
            {method === 'dns' && (
              <>
                <dt>{t('renewal.recordType')}</dt>
                <dd>TXT</dd>
              </>
            )}
            <dt>{method === 'dns' ? t('renewal.recordName') : t('renewal.fileUrl')}</dt>
            <dd>
              <CopyText text={location} what={method === 'dns' ? t('renewal.recordName') : t('renewal.fileUrl')} />
            </dd>
            <dt>{method === 'dns' ? t('renewal.recordValue') : t('renewal.fileContent')}</dt>
            <dd>
              <CopyText text={content} what={method === 'dns' ? t('renewal.recordValue') : t('renewal.fileContent')} />
            </dd>
            {forwardTo !== null && (
              <>
                <dt>{t('names.forwardTo')}</dt>
                <dd>
                  <CopyText text={forwardTo} what={t('names.forwardTo')} />
                </dd>
              </>
            )}
          </dl>
        </>
      )}
      {problem !== null && (
        <div className="validation-problem">
          <p>{t('renewal.notSeenYet')}</p>
          <TechnicalDetail text={problem} />
        </div>
      )}
      {servers.length > 0 && state !== 'valid' && (
        <ul className="servers">
          {servers.map(({ server, address, answer, values }) => (
            <li key={`${server} ${address ?? ''}`}>
              <code className="mono break">{server}</code> {t(`renewal.answers.${answer}`)}
              {values.length > 0 && answer === 'otherValue' && <span className="mono break"> {values.join(', ')}</span>}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function ValidationButtons({ id }: { readonly id: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const refresh = () => queries.invalidateQueries({ queryKey: keys.certificates })
  const check = useMutation({ mutationFn: () => api.applications.check({ id }), onSuccess: refresh })
  const withdraw = useMutation({ mutationFn: () => api.applications.withdraw({ id }), onSuccess: refresh })
  return (
    <>
      <ProblemNotice error={check.error ?? withdraw.error} />
      <div className="buttons">
        <AllowedButton
          operation="applications.check"
          label={t('renewal.check')}
          type="primary"
          size="large"
          loading={check.isPending}
          onClick={() => check.mutate()}
        />
        <Withdraw isPending={withdraw.isPending} onConfirm={() => withdraw.mutate()} />
      </div>
    </>
  )
}

function Withdraw({ isPending, onConfirm }: { readonly isPending: boolean; readonly onConfirm: () => void }) {
  const { t } = useTranslation()
  const lacking = useLacking('applications.withdraw')
  if (lacking !== null) return <AllowedButton operation="applications.withdraw" label={t('renewal.withdraw')} />
  return (
    <Popconfirm
      title={t('renewal.withdrawSure')}
      okText={t('renewal.withdraw')}
      cancelText={t('shell.cancel')}
      onConfirm={onConfirm}
    >
      <Button loading={isPending}>{t('renewal.withdraw')}</Button>
    </Popconfirm>
  )
}

/** With the reviewers, or with the CA: who looks, and when it is expected to be through. */
export function ReviewStep({ certificate }: StepProps) {
  const { t } = useTranslation()
  const { id } = certificate
  const queries = useQueryClient()
  const application = useApplication(id)
  const estimate = application.data?.estimate ?? null
  const withdraw = useMutation({
    mutationFn: () => api.applications.withdraw({ id }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificates }),
  })
  return (
    <>
      <Alert type="info" showIcon role="status" title={<Sentence of={certificate.nextStep.text} />} />
      {estimate !== null && <Estimate estimate={estimate} />}
      <ProblemNotice error={withdraw.error ?? application.error} />
      <div className="buttons">
        <Withdraw isPending={withdraw.isPending} onConfirm={() => withdraw.mutate()} />
        <span className="muted">{t('renewal.comesByItself')}</span>
      </div>
    </>
  )
}

function Estimate({ estimate }: { readonly estimate: NonNullable<ApplicationView['estimate']> }) {
  const { t } = useTranslation()
  return (
    <dl className="facts">
      <dt>{t('renewal.fastest')}</dt>
      <dd>
        <Moment at={estimate.fastestAt} />
      </dd>
      <dt>{t('renewal.usually')}</dt>
      <dd>
        <Moment at={estimate.usuallyFrom} /> – <Moment at={estimate.usuallyUntil} />
      </dd>
    </dl>
  )
}
