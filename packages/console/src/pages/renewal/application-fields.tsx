/**
 * The parts of the application form.
 *
 * @module
 */
import { keyKind, type HostKey } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { splitDomains, WRITTEN_HERE, type FormValues, type KeySource } from './application-form.ts'

const MAX_DOMAINS_TEXT = 65_536
const MAX_CSR_TEXT = 65_536

export function DomainFields({ isDv }: { readonly isDv: boolean }) {
  const { t } = useTranslation()
  const method = Form.useWatch<FormValues['validationMethod']>('validationMethod')
  const connections = useQuery({
    queryKey: keys.dnsConnections,
    queryFn: () => api.dnsConnections.list(),
    enabled: method === 'dnsAutomatic',
  })
  const methods = [
    { value: 'dnsAutomatic', label: t('renewal.methods.dnsAutomatic') },
    { value: 'dnsManual', label: t('renewal.methods.dnsManual') },
    { value: 'file', label: t('renewal.methods.file') },
  ]
  return (
    <fieldset className="fields">
      <legend>{t('renewal.domains')}</legend>
      <Form.Item
        name="domains"
        label={t('renewal.domainNames')}
        extra={t('renewal.domainNamesHelp')}
        rules={[
          {
            validator: (_rule, text: string) =>
              splitDomains(text).length > 0 ? Promise.resolve() : Promise.reject(new Error(t('renewal.domainNamesMissing'))),
          },
        ]}
      >
        <Input.TextArea rows={3} maxLength={MAX_DOMAINS_TEXT} spellCheck={false} autoCapitalize="off" className="mono" />
      </Form.Item>
      <Form.Item
        name="validationMethod"
        label={t('renewal.validationMethod')}
        {...(!isDv && { extra: t('renewal.validationAfterReview') })}
      >
        <Radio.Group options={methods} />
      </Form.Item>
      {method === 'dnsAutomatic' && (
        <Form.Item
          name="dnsConnectionId"
          label={t('renewal.dnsConnection')}
          rules={[{ required: true, message: t('renewal.dnsConnectionMissing') }]}
        >
          <Select
            placeholder={t('renewal.dnsConnectionChoose')}
            notFoundContent={t('renewal.dnsConnectionNone')}
            loading={connections.isLoading}
            options={connections.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
          />
        </Form.Item>
      )}
    </fieldset>
  )
}

export function ApplicantFields({ type }: { readonly type: 'DV' | 'OV' | 'EV' }) {
  const { t } = useTranslation()
  const contactId = Form.useWatch<FormValues['contactId']>('contactId')
  const contacts = useQuery({ queryKey: keys.contacts, queryFn: () => api.contacts.list() })
  const companies = useQuery({ queryKey: keys.companies, queryFn: () => api.companies.list(), enabled: type !== 'DV' })
  const stored = contacts.data?.items ?? []
  return (
    <fieldset className="fields">
      <legend>{t('renewal.applicant')}</legend>
      {stored.length > 0 && (
        <Form.Item name="contactId" label={t('renewal.contact')}>
          <Select
            options={[
              { value: WRITTEN_HERE, label: t('renewal.contactWritten') },
              ...stored.map(({ id, name, email }) => ({ value: id, label: `${name} (${email})` })),
            ]}
          />
        </Form.Item>
      )}
      {(contactId === undefined || contactId === null || contactId === WRITTEN_HERE) && (
        <div className="field-row">
          <PersonField path={['contact', 'name']} label={t('renewal.personName')} complete="name" />
          <PersonField path={['contact', 'email']} label={t('renewal.email')} complete="email" />
          <PersonField path={['contact', 'phone']} label={t('renewal.phone')} complete="tel" />
        </div>
      )}
      {type !== 'DV' && (
        <Form.Item
          name="companyId"
          label={t('renewal.company')}
          rules={[{ required: true, message: t('renewal.companyMissing') }]}
        >
          <Select
            placeholder={t('renewal.companyChoose')}
            notFoundContent={t('renewal.companyNone')}
            loading={companies.isLoading}
            options={companies.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
          />
        </Form.Item>
      )}
      {type === 'EV' && (
        <div className="field-row">
          <PersonField path={['superior', 'name']} label={t('renewal.superiorName')} complete="off" />
          <PersonField path={['superior', 'title']} label={t('renewal.superiorTitle')} complete="off" />
          <PersonField path={['superior', 'phone']} label={t('renewal.superiorPhone')} complete="off" />
          <PersonField path={['superior', 'email']} label={t('renewal.superiorEmail')} complete="off" />
        </div>
      )}
    </fieldset>
  )
}

interface PersonFieldProps {
  readonly path: string[]
  readonly label: string
  readonly complete: string
}

function PersonField({ path, label, complete }: PersonFieldProps) {
  const { t } = useTranslation()
  return (
    <Form.Item
      name={path}
      label={label}
      rules={[{ required: true, whitespace: true, message: t('renewal.fieldMissing', { what: label }) }]}
    >
      <Input autoComplete={complete} maxLength={254} />
    </Form.Item>
  )
}

interface KeyFieldsProps {
  readonly hostKey: HostKey | null
  /** What is chosen already unless somebody chooses. */
  readonly preset: KeySource
}

/** Only what is chosen already can be recommended, and a CSR of one's own needs no praise. */
export function KeyFields({ hostKey, preset }: KeyFieldsProps) {
  const { t } = useTranslation()
  const labelled = (value: KeySource, label: string) => ({
    value,
    label: value === preset && value !== 'csr' ? t('renewal.recommended', { source: label }) : label,
  })
  const source = Form.useWatch<FormValues['keySource']>('keySource')
  return (
    <fieldset className="fields">
      <legend>{t('renewal.key')}</legend>
      <Form.Item name="keySource" label={t('renewal.keySource')} extra={source === 'host' ? t('renewal.hostKeyHelp') : undefined}>
        <Radio.Group
          options={[
            ...(hostKey === null ? [] : [labelled('host', t('renewal.keySources.host', hostKey))]),
            labelled('system', t('renewal.keySources.system')),
            labelled('csr', t('renewal.keySources.csr')),
          ]}
        />
      </Form.Item>
      {source === 'csr' ? (
        <Form.Item
          name="csrPem"
          label={t('renewal.csr')}
          extra={t('renewal.csrHelp')}
          rules={[{ required: true, whitespace: true, message: t('renewal.csrMissing') }]}
        >
          <Input.TextArea rows={6} maxLength={MAX_CSR_TEXT} spellCheck={false} className="mono" />
        </Form.Item>
      ) : (
        <Form.Item name="key" label={t('renewal.keyKind')}>
          <Select options={keyKind.options.map((value) => ({ value, label: t(`terms.key.${value}`) }))} />
        </Form.Item>
      )}
    </fieldset>
  )
}
