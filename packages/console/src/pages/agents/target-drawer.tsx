/**
 * Making a site of a host a target of a certificate.
 *
 * @module
 */
import type { AgentSite } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { CertificateSelect } from '../../components/certificate-select.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { OwnAddressFields, ownAddressOf, type OwnAddress } from '../../components/own-address-fields.tsx'

interface Values extends OwnAddress {
  readonly certificateId: string
  readonly name: string
}

interface TargetDrawerProps {
  readonly agentName: string
  readonly site: AgentSite | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onMade: (name: string) => void
}

const MAX_NAME = 64

export function TargetDrawer({ agentName, site, isOpen, onClose, onMade }: TargetDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const siteName = site?.name ?? ''
  const domain = site?.domains.find((each) => !each.startsWith('*.'))
  const make = useMutation({
    mutationFn: ({ certificateId, name, ...address }: Values) => {
      const probe = ownAddressOf(address)
      const config = { agent: agentName, site: siteName }
      return api.targets.create({ certificateId, name, kind: 'agent', config, ...(probe !== null && { probe }) })
    },
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
      initialValues={{ name: `${agentName}-${siteName}`.slice(0, MAX_NAME), serverName: domain }}
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
      <OwnAddressFields help={t('agents.probeHostHelp')} />
    </FormDrawer>
  )
}
