/**
 * The application, prefilled from the certificate that is renewed.
 *
 * @module
 */
import type { ApplicationView, CertificateDetail } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Form, { type FormInstance } from 'antd/es/form'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { placeWithout } from '../../app/over-place.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useFormFaults } from '../../components/form-faults.ts'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { pick } from '../../i18n/i18n.ts'
import { ApplicantFields, DomainFields, KeyFields } from './application-fields.tsx'
import { toForm, toValues, type FormValues } from './application-form.ts'
import { useApplicationDraft } from './use-application-draft.ts'

interface ApplicationStepProps {
  readonly certificate: CertificateDetail
  /** It is issued again although that is not due. */
  readonly isReissue: boolean
}

export function ApplicationStep({ certificate, isReissue }: ApplicationStepProps) {
  const { id } = certificate
  const application = useQuery({ queryKey: keys.application(id), queryFn: () => api.applications.get({ id }) })
  if (application.data === undefined) {
    return application.isPending ? (
      <Loading />
    ) : (
      <ProblemNotice error={application.error} onRetry={() => void application.refetch()} />
    )
  }
  return <ApplicationForm certificate={certificate} isReissue={isReissue} application={application.data} />
}

interface ApplicationFormProps extends ApplicationStepProps {
  readonly application: ApplicationView
}

function ApplicationForm({ certificate, isReissue, application }: ApplicationFormProps) {
  const { t } = useTranslation()
  const draft = useApplicationDraft(certificate.id, application)
  const { id, specification } = certificate
  const type = specification?.certificateType ?? 'DV'
  const queries = useQueryClient()
  const [, go] = useLocation()
  const [form] = Form.useForm<FormValues>()
  const submit = useMutation({
    mutationFn: (values: FormValues) =>
      api.applications.submit({ id, ...toForm(values, application.form, type), ...(isReissue && { reissue: true }) }),
    onSuccess: () => {
      draft.forget()
      if (isReissue) go(placeWithout('reissue'), { replace: true }) // what was asked for is under way
      return queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  useFormFaults(form as FormInstance, submit.error)
  return (
    <Form<FormValues>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={draft.restored?.values ?? toValues(application)}
      onValuesChange={() => draft.keep(form.getFieldsValue(true) as FormValues)}
      scrollToFirstError={{ focus: true }}
      onFinish={(values) => submit.mutate(values)}
    >
      {isReissue && <p>{t('life.reissueIntro')}</p>}
      <p>{application.prefilledFrom === null ? t('renewal.applicationIntro') : t('renewal.prefilledIntro')}</p>
      {draft.restored !== null && (
        <RestoredDraft
          at={draft.restored.at}
          onDiscard={() => {
            draft.forget()
            form.setFieldsValue(toValues(application))
          }}
        />
      )}
      {application.problem !== null && (
        <Alert
          type="error"
          showIcon
          className="refused"
          title={t('renewal.refused')}
          description={
            <>
              {application.problem.code !== 'reviewRefused' && <p>{pick(application.problem.cause)}</p>}
              <TechnicalDetail text={application.problem.detail} />
              <p>{pick(application.problem.remedy)}</p>
            </>
          }
        />
      )}
      <DomainFields isDv={type === 'DV'} />
      <ApplicantFields type={type} />
      <KeyFields hostKey={application.form.hostKey} preset={toValues(application).keySource} />
      <ProblemNotice error={submit.error} />
      <div className="buttons">
        <AllowedButton
          operation="applications.submit"
          label={t('renewal.submit')}
          type="primary"
          size="large"
          htmlType="submit"
          loading={submit.isPending}
        />
        <span role="status" className="muted">
          {draft.isKept && t('renewal.draftKept')}
        </span>
      </div>
    </Form>
  )
}

function RestoredDraft({ at, onDiscard }: { readonly at: string; readonly onDiscard: () => void }) {
  const { t } = useTranslation()
  return (
    <Alert
      type="info"
      showIcon
      className="draft"
      title={t('renewal.draftRestored')}
      description={
        <>
          {t('renewal.draftAt')} <Moment at={at} precision="minute" />
        </>
      }
      action={<Button onClick={onDiscard}>{t('renewal.draftDiscard')}</Button>}
    />
  )
}
