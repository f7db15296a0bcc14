/**
 * A new CSR: made here together with its key, or brought along.
 *
 * @module
 */
import { contract, keyKind, type CsrDetail } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import TextArea from 'antd/es/input/TextArea'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { fieldFaults } from '../../components/field-faults.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordDrawer, useFormId } from '../../components/record-drawer.tsx'
import { inputFields, useSchemaRule } from '../../components/schema-rule.ts'
import { PemField } from './pem-field.tsx'
import { splitDomains } from './split-domains.ts'

type Way = 'make' | 'bring'

interface Values {
  readonly name: string
  readonly domains?: string
  readonly key?: z.infer<typeof keyKind>
  readonly csrPem?: string
  readonly privateKeyPem?: string
}

const { name: nameSchema, domains: domainsSchema } = inputFields(contract.csrs.create)
const { csrPem: csrPemSchema } = inputFields(contract.csrs.upload)
const domainText = z.string().transform(splitDomains).pipe(domainsSchema)

export interface NewCsrDrawerProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onStored: (csr: CsrDetail) => void
}

export function NewCsrDrawer({ isOpen, onClose, onStored }: NewCsrDrawerProps) {
  const { t } = useTranslation()
  const formId = useFormId()
  const queries = useQueryClient()
  const [way, setWay] = useState<Way>('make')
  const store = useMutation({
    mutationFn: ({ name, domains = '', key = 'p256', csrPem = '', privateKeyPem = '' }: Values) =>
      way === 'make'
        ? api.csrs.create({ name, domains: splitDomains(domains), key })
        : api.csrs.upload({ name, csrPem, privateKeyPem: privateKeyPem.trim() === '' ? null : privateKeyPem }),
    onSuccess: async (csr) => {
      queries.setQueryData([...keys.csrs, csr.id], csr)
      onStored(csr)
      await queries.invalidateQueries({ queryKey: keys.csrs, exact: true })
    },
  })
  return (
    <RecordDrawer
      title={t('csrs.add')}
      isOpen={isOpen}
      onClose={() => {
        store.reset()
        onClose()
      }}
      formId={formId}
      submit={t(way === 'make' ? 'csrs.make' : 'csrs.store')}
      operation={way === 'make' ? 'csrs.create' : 'csrs.upload'}
      isBusy={store.isPending}
    >
      <Radio.Group
        className="csr-ways"
        value={way}
        optionType="button"
        options={[
          { value: 'make', label: t('csrs.ways.make') },
          { value: 'bring', label: t('csrs.ways.bring') },
        ]}
        onChange={(event) => {
          store.reset()
          setWay(event.target.value as Way)
        }}
      />
      <p className="muted">{t(`csrs.wayHelp.${way}`)}</p>
      <CsrForm id={formId} way={way} error={store.error} onSubmit={(values) => store.mutate(values)} />
    </RecordDrawer>
  )
}

interface CsrFormProps {
  readonly id: string
  readonly way: Way
  readonly error: unknown
  readonly onSubmit: (values: Values) => void
}

/** What was typed for one way stays while the other is looked at. */
function CsrForm({ id, way, error, onSubmit }: CsrFormProps) {
  const { t } = useTranslation()
  const rule = useSchemaRule()
  const isMade = way === 'make'
  const faults = fieldFaults(error)
  const help = (field: string) => {
    const fault = faults.find((each) => each.name[0] === field)
    return fault === undefined ? {} : { help: fault.errors.join(' '), validateStatus: 'error' as const }
  }
  return (
    <Form<Values>
      id={id}
      layout="vertical"
      requiredMark={false}
      initialValues={{ key: 'p256' }}
      scrollToFirstError={{ focus: true }}
      onFinish={onSubmit}
    >
      <ProblemNotice error={error} />
      <Form.Item
        name="name"
        label={t('csrs.name')}
        required
        rules={[rule(nameSchema)]}
        extra={t('csrs.nameHelp')}
        {...help('name')}
      >
        <Input autoComplete="off" maxLength={64} />
      </Form.Item>
      {isMade ? (
        <>
          <Form.Item
            name="domains"
            label={t('csrs.domains')}
            required
            rules={[rule(domainText)]}
            extra={t('csrs.domainsHelp')}
            {...help('domains')}
          >
            <TextArea rows={4} spellCheck={false} autoComplete="off" />
          </Form.Item>
          <Form.Item name="key" label={t('csrs.algorithm')} extra={t('csrs.algorithmHelp')}>
            <Select options={keyKind.options.map((value) => ({ value, label: t(`terms.key.${value}`) }))} />
          </Form.Item>
        </>
      ) : (
        <>
          <Form.Item name="csrPem" label="CSR" required rules={[rule(csrPemSchema)]} {...help('csrPem')}>
            <PemField placeholder="-----BEGIN CERTIFICATE REQUEST-----" />
          </Form.Item>
          <Form.Item
            name="privateKeyPem"
            label={t('csrs.privateKeyOptional')}
            extra={t('csrs.privateKeyHelp')}
            {...help('privateKeyPem')}
          >
            <PemField placeholder="-----BEGIN PRIVATE KEY-----" />
          </Form.Item>
        </>
      )}
    </Form>
  )
}
