/**
 * What to look at: names, the names of a certificate, or a range.
 *
 * @module
 */
import type { DiscoveryResult } from '@evercert/contract'
import { endpointProtocol } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { CertificateSelect } from '../../components/certificate-select.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import type { Said } from '../../components/said.tsx'
import { findBadName, readNames, readPorts, toRequests, type LookBy, type LookValues } from './look-request.ts'

const WAYS = ['names', 'certificate', 'range'] as const satisfies readonly LookBy[]
const PROTOCOLS = endpointProtocol.options
const START = { by: 'names', protocol: 'tls' } as const satisfies LookValues

export function LookForm({ onDone }: { readonly onDone: (what: Said | null) => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<LookValues>()
  const by = Form.useWatch('by', form) ?? START.by
  const queries = useQueryClient()
  const [progress, setProgress] = useState<{ readonly done: number; readonly all: number } | null>(null)
  const look = useMutation({
    mutationFn: async (values: LookValues) => {
      const requests = toRequests(values)
      const totals: Totals = { looked: 0, found: 0, known: 0, silent: 0 }
      for (const [index, request] of requests.entries()) {
        setProgress({ done: index, all: requests.length })
        addTo(totals, await api.discovery.look(request)) // one at a time: the service takes no more of an account
      }
      return totals
    },
    onMutate: () => onDone(null),
    onSuccess: (totals) => onDone((t) => t('discovery.looked', { ...totals })),
    onSettled: async () => {
      setProgress(null)
      await queries.invalidateQueries({ queryKey: keys.candidates })
    },
  })
  return (
    <section className="panel look-form" aria-label={t('discovery.look')}>
      <Form<LookValues>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={START}
        onFinish={(values) => look.mutate(values)}
      >
        <div className="look-fields">
          <Form.Item name="by" label={t('discovery.from')} className="look-wide">
            <Radio.Group options={WAYS.map((way) => ({ value: way, label: t(`discovery.${way}`) }))} />
          </Form.Item>
          <WhatToLookAt by={by} />
          <Form.Item name="protocol" label={t('discovery.protocol')}>
            <Select options={PROTOCOLS.map((protocol) => ({ value: protocol, label: protocol.toUpperCase() }))} />
          </Form.Item>
          <PortsField />
        </div>
        <div className="look-foot">
          <Button type="primary" htmlType="submit" loading={look.isPending}>
            {t('discovery.look')}
          </Button>
          <span role="status" className="muted">
            {progress !== null && progress.all > 1 && t('discovery.looking', { ...progress })}
          </span>
        </div>
        <ProblemNotice error={look.error} />
      </Form>
    </section>
  )
}

interface Totals {
  looked: number
  found: number
  known: number
  silent: number
}

function addTo(totals: Totals, { looked, known, silent, items }: DiscoveryResult): void {
  totals.looked += looked
  totals.known += known
  totals.silent += silent
  totals.found += items.length
}

function WhatToLookAt({ by }: { readonly by: LookBy }) {
  const { t } = useTranslation()
  const required = { required: true, message: t('fields.required') }
  if (by === 'certificate')
    return (
      <Form.Item
        key="certificate"
        className="look-wide"
        name="certificateId"
        label={t('discovery.certificate')}
        extra={t('discovery.certificateHelp')}
        rules={[required]}
      >
        <CertificateSelect />
      </Form.Item>
    )
  if (by === 'range')
    return (
      <Form.Item
        key="range"
        className="look-wide"
        name="range"
        label={t('discovery.range')}
        extra={t('discovery.rangeHelp')}
        rules={[required, { pattern: /^\s*[0-9a-f:.]+\/\d{1,3}\s*$/i, message: t('discovery.badRange') }]}
      >
        <Input maxLength={64} spellCheck={false} autoComplete="off" className="mono" />
      </Form.Item>
    )
  const check = (_rule: unknown, text = ''): Promise<void> => {
    const names = readNames(text)
    if (names.length === 0) return Promise.reject(new Error(t('discovery.namesMissing')))
    const name = findBadName(names)
    return name === null ? Promise.resolve() : Promise.reject(new Error(t('discovery.badName', { name })))
  }
  return (
    <Form.Item
      key="names"
      className="look-wide"
      name="names"
      label={t('discovery.names')}
      extra={t('discovery.namesHelp')}
      validateTrigger="onBlur"
      rules={[{ validator: check }]}
    >
      <Input.TextArea rows={5} spellCheck={false} autoCapitalize="none" className="mono" />
    </Form.Item>
  )
}

function PortsField() {
  const { t } = useTranslation()
  const check = (_rule: unknown, text = ''): Promise<void> =>
    readPorts(text) === null ? Promise.reject(new Error(t('discovery.badPorts'))) : Promise.resolve()
  return (
    <Form.Item
      name="ports"
      label={t('discovery.ports')}
      extra={t('discovery.portsHelp')}
      validateTrigger="onBlur"
      rules={[{ validator: check }]}
    >
      <Input maxLength={64} inputMode="numeric" autoComplete="off" />
    </Form.Item>
  )
}
