/**
 * Naming a site, so that it is probed from then on.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import { useTranslation } from 'react-i18next'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { AllowedButton } from './allowed-button.tsx'
import { ProblemNotice } from './problem-notice.tsx'

const MAX_PORT = 65_535
const HTTPS = 443

interface Values {
  readonly host: string
  readonly port: number
}

/** @param host what is suggested */
export function AddEndpoint({ certificateId, host }: { readonly certificateId: string; readonly host: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const add = useMutation({
    mutationFn: (values: Values) => api.endpoints.create({ certificateId, host: values.host.trim(), port: values.port }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificates }),
  })
  return (
    <Form<Values>
      layout="inline"
      requiredMark={false}
      className="add-endpoint"
      initialValues={{ host, port: HTTPS }}
      onFinish={(values) => add.mutate(values)}
    >
      <Form.Item name="host" label={t('certificate.host')} rules={[{ required: true, message: t('certificate.hostMissing') }]}>
        <Input maxLength={253} spellCheck={false} />
      </Form.Item>
      <Form.Item name="port" label={t('certificate.port')} rules={[{ required: true, message: t('certificate.portMissing') }]}>
        <InputNumber min={1} max={MAX_PORT} />
      </Form.Item>
      <AllowedButton
        operation="endpoints.create"
        label={t('certificate.addEndpoint')}
        htmlType="submit"
        loading={add.isPending}
      />
      <ProblemNotice error={add.error} />
    </Form>
  )
}
