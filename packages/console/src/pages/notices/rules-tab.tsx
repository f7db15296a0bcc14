/**
 * When notices are due, when nothing is sent, in which language, and who gets the mails.
 *
 * @module
 */
import type { NoticeSettingsView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import Switch from 'antd/es/switch'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { useFormFaults } from '../../components/form-faults.ts'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { LANGUAGES } from '../../i18n/i18n.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { Recipients } from './recipients.tsx'
import { readLeads, toSettings, toValues, type RulesValues } from './rules-form.ts'
import './notices-page.css'

export function RulesTab() {
  const settings = useQuery({
    queryKey: keys.noticeSettings,
    queryFn: () => api.noticeSettings.get(),
    refetchOnWindowFocus: false, // would take away what is being typed
  })
  if (settings.isPending) return <Loading />
  if (settings.data === undefined) return <ProblemNotice error={settings.error} onRetry={() => void settings.refetch()} />
  return <RulesForm settings={settings.data} />
}

function RulesForm({ settings }: { readonly settings: NoticeSettingsView }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<RulesValues>()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (values: RulesValues) => api.noticeSettings.set(toSettings(values)),
    onSuccess: (saved) => {
      queries.setQueryData(keys.noticeSettings, saved)
      form.setFieldsValue(toValues(saved))
    },
  })
  useFormFaults(form, save.error)
  return (
    <section className="panel" aria-label={t('notices.rules')}>
      <Form<RulesValues>
        form={form}
        className="rules-form"
        layout="vertical"
        requiredMark={false}
        scrollToFirstError={{ block: 'center', focus: true }}
        initialValues={toValues(settings)}
        onFinish={(values) => save.mutate(values)}
        onValuesChange={() => save.reset()}
      >
        <Leads />
        <QuietHours />
        <Form.Item name="language" label={t('notices.language')}>
          <Radio.Group options={LANGUAGES.map((value) => ({ value, label: t(`notices.languages.${value}`) }))} />
        </Form.Item>
        <Recipients />
        <ProblemNotice error={save.error} />
        <DoneNotice title={save.isSuccess ? t('notices.rulesSaved') : null} />
        <AllowedButton
          operation="noticeSettings.set"
          label={t('fields.save')}
          type="primary"
          htmlType="submit"
          loading={save.isPending}
        />
      </Form>
    </section>
  )
}

function Leads() {
  const { t } = useTranslation()
  return (
    <Form.Item
      name="leads"
      label={t('notices.leads')}
      extra={t('notices.leadsHelp')}
      rules={[
        {
          validator: (_rule, text: string) =>
            readLeads(text) === null ? Promise.reject(new Error(t('notices.badLeads'))) : Promise.resolve(),
        },
      ]}
    >
      <Input autoComplete="off" inputMode="text" />
    </Form.Item>
  )
}

function QuietHours() {
  const { t } = useTranslation()
  const form = Form.useFormInstance<RulesValues>()
  const isQuiet = Form.useWatch('hasQuietHours', form) === true
  const rules = [{ required: isQuiet, message: t('fields.required') }]
  return (
    <>
      <Form.Item name="hasQuietHours" label={t('notices.quietHours')} extra={t('notices.quietHelp')} valuePropName="checked">
        <Switch />
      </Form.Item>
      {isQuiet && (
        <div className="form-pair">
          <Form.Item name="from" label={t('notices.from')} rules={rules}>
            <Input type="time" />
          </Form.Item>
          <Form.Item name="until" label={t('notices.until')} rules={rules}>
            <Input type="time" />
          </Form.Item>
        </div>
      )}
      <Form.Item name="timeZone" label={t('notices.timeZone')} extra={t('notices.timeZoneHelp')}>
        <Select
          showSearch
          options={['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => ({ value: zone, label: zone }))}
        />
      </Form.Item>
    </>
  )
}
