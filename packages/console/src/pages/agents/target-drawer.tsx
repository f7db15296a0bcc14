/**
 * Making a site of a host a target of a certificate.
 *
 * @module
 */
import type { AgentSite } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { CertificateSelect } from '../../components/certificate-select.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'

interface Values {
  readonly certificateId: string
  readonly name: string
  readonly host?: string
  readonly port?: number
  readonly serverName?: string
}

interface TargetDrawerProps {
  readonly agentName: string
  readonly site: AgentSite | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onMade: (name: string) => void
}

const MAX_NAME = 64
const MAX_HOST = 253
const MAX_PORT = 65_535
const HTTPS = 443

export function TargetDrawer({ agentName, site, isOpen, onClose, onMade }: TargetDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const siteName = site?.name ?? ''
  const domain = site?.domains.find((each) => !each.startsWith('*.'))
  const make = useMutation({
    mutationFn: ({ certificateId, name, host = '', port = HTTPS, serverName = '' }: Values) =>
      api.targets.create({
        certificateId,
        name,
        kind: 'agent',
        config: { agent: agentName, site: siteName },
        ...(host.trim() !== '' && {
          probe: { host: host.trim(), port, ...(serverName.trim() !== '' && { serverName: serverName.trim() }) },
        }),
      }),
    onSuccess: async ({ name }) => {
      onMade(name)
      await queries.invalidateQueries({ queryKey: keys.targets })
      await queries.invalidateQueries({ queryKey: keys.agents })
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  return (
    <FormDrawer<Values>
      form={form}
      title={t('agents.makeTargetOf', { site: siteName })}
      intro={t('agents.makeTargetIntro')}
      submit={t('agents.makeTarget')}
      isOpen={isOpen}
      isPending={make.isPending}
      error={make.error}
      initialValues={{ name: `${agentName}-${siteName}`.slice(0, MAX_NAME), port: HTTPS, serverName: domain }}
      onSubmit={(values) => make.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="certificateId"
        label={t('agents.targetCertificate')}
        rules={[{ required: true, message: t('fields.required') }]}
      >
        <CertificateSelect {...(domain !== undefined && { first: domain })} />
      </Form.Item>
      <Form.Item
        name="name"
        label={t('agents.targetName')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" />
      </Form.Item>
      <Form.Item name="host" label={t('agents.probeHost')} extra={t('agents.probeHostHelp')}>
        <Input maxLength={MAX_HOST} autoComplete="off" spellCheck={false} autoCapitalize="none" />
      </Form.Item>
      <div className="form-pair">
        <Form.Item name="port" label={t('agents.probePort')}>
          <InputNumber min={1} max={MAX_PORT} precision={0} />
        </Form.Item>
        <Form.Item name="serverName" label={t('agents.serverName')}>
          <Input maxLength={MAX_HOST} autoComplete="off" spellCheck={false} autoCapitalize="none" />
        </Form.Item>
      </div>
    </FormDrawer>
  )
}
