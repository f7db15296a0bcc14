/**
 * One CSR: what it says, its PEM to copy or to save, and its key if that is still to come.
 *
 * @module
 */
import type { CsrDetail } from '@evercert/contract'
import { contract } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Facts } from '../../components/facts.tsx'
import { KeyName } from '../../components/key-name.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordDrawer, useFormId } from '../../components/record-drawer.tsx'
import { useToasts } from '../../components/said.tsx'
import { fileNameOf, saveFile } from '../../components/save-file.ts'
import { inputFields, useSchemaRule } from '../../components/schema-rule.ts'
import { PemField } from './pem-field.tsx'

export function CsrDrawer({ id, onClose }: { readonly id: string | null; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const formId = useFormId()
  const csr = useQuery({
    queryKey: [...keys.csrs, id],
    queryFn: () => api.csrs.get({ id: id ?? '' }),
    enabled: id !== null,
  })
  const lacksKey = csr.data?.hasKey === false
  return (
    <RecordDrawer
      title={csr.data?.name ?? t('csrs.one')}
      isOpen={id !== null}
      onClose={onClose}
      formId={lacksKey ? formId : null}
      submit={t('csrs.attachKey')}
      operation="csrs.attachKey"
    >
      <QueryView query={csr}>
        {(detail) => (
          <>
            <CsrFacts csr={detail} />
            <CsrPem csr={detail} />
            {detail.hasKey ? <p className="muted">{t('csrs.keyHereMore')}</p> : <AttachKey csr={detail} formId={formId} />}
          </>
        )}
      </QueryView>
    </RecordDrawer>
  )
}

function CsrFacts({ csr }: { readonly csr: CsrDetail }) {
  const { t } = useTranslation()
  return (
    <Facts
      items={[
        [t('csrs.origin'), t(`csrs.origins.${csr.origin}`)],
        [t('csrs.commonName'), csr.commonName ?? '–'],
        [t('csrs.domains'), csr.domains.join(', ')],
        [t('csrs.algorithm'), <KeyName key="algorithm" algorithm={csr.algorithm} />],
        [
          t('csrs.publicKey'),
          <span key="spki" className="mono">
            {csr.spkiSha256}
          </span>,
        ],
        [t('csrs.createdAt'), <Moment key="at" at={csr.createdAt} />],
      ]}
    />
  )
}

function CsrPem({ csr }: { readonly csr: CsrDetail }) {
  const { t } = useTranslation()
  const toasts = useToasts()
  const [isCopied, setCopied] = useState(false)
  const copy = (): void => {
    // Without TLS a browser has no clipboard for pages.
    const copied = navigator.clipboard?.writeText(csr.csrPem) ?? Promise.reject(new Error('no clipboard'))
    copied.then(
      () => setCopied(true),
      () => toasts.warning((t) => t('shell.copyFailed')),
    )
  }
  return (
    <>
      <pre className="csr-pem" aria-label={t('csrs.pem')}>
        {csr.csrPem}
      </pre>
      <div className="csr-pem-actions">
        <Button onClick={copy}>{t(isCopied ? 'shell.copied' : 'csrs.copy')}</Button>
        <Button onClick={() => saveFile(`${fileNameOf(csr.name)}.csr`, new Blob([csr.csrPem], { type: 'application/pkcs10' }))}>
          {t('csrs.download')}
        </Button>
      </div>
    </>
  )
}

const { privateKeyPem } = inputFields(contract.csrs.attachKey)

function AttachKey({ csr, formId }: { readonly csr: CsrDetail; readonly formId: string }) {
  const { t } = useTranslation()
  const rule = useSchemaRule()
  const queries = useQueryClient()
  const attach = useMutation({
    mutationFn: (values: { readonly privateKeyPem: string }) => api.csrs.attachKey({ id: csr.id, ...values }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.csrs }),
  })
  return (
    <section aria-labelledby="csr-attach">
      <h3 id="csr-attach">{t('csrs.attachKey')}</h3>
      <p className="muted">{t('csrs.attachHelp')}</p>
      <ProblemNotice error={attach.error} />
      <Form<{ privateKeyPem: string }>
        id={formId}
        layout="vertical"
        disabled={attach.isPending}
        onFinish={(values) => attach.mutate(values)}
      >
        <Form.Item name="privateKeyPem" label={t('csrs.privateKey')} required rules={[rule(privateKeyPem)]}>
          <PemField placeholder="-----BEGIN PRIVATE KEY-----" />
        </Form.Item>
      </Form>
    </section>
  )
}
