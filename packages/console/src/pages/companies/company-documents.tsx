/**
 * The business licence and the bank permit of a company: looked at before they are sent, and seen when asked for.
 *
 * @module
 */
import { documentKind, type CompanyView, type DocumentKind } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { DocumentImage } from '../../components/document-image.tsx'
import { FileDrop } from '../../components/file-drop.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useSaid } from '../../components/said.tsx'
import { readDocument, type DocumentFault } from './read-document.ts'

export function CompanyDocuments({ company }: { readonly company: CompanyView }) {
  const { t } = useTranslation()
  return (
    <section aria-labelledby="company-documents">
      <h3 id="company-documents">{t('companies.documents')}</h3>
      <p className="muted">{t('companies.documentsHelp')}</p>
      {documentKind.options.map((kind) => (
        <CompanyDocument key={kind} company={company} kind={kind} />
      ))}
    </section>
  )
}

function CompanyDocument({ company, kind }: { readonly company: CompanyView; readonly kind: DocumentKind }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const lacking = useLacking('companies.putDocument')
  const [fault, setFault] = useState<DocumentFault | null>(null)
  const [result, say] = useSaid()
  const present = company.documents.find((document) => document.kind === kind)
  const onSuccess = (view: CompanyView): void => {
    queries.setQueryData([...keys.companies, company.id], view)
    void queries.invalidateQueries({ queryKey: keys.companies, exact: true })
  }
  const put = useMutation({
    mutationFn: (contentBase64: string) => api.companies.putDocument({ id: company.id, kind, contentBase64 }),
    onSuccess: (view) => {
      onSuccess(view)
      say((t) => t('companies.documentStored'))
    },
  })
  const remove = useMutation({
    mutationFn: () => api.companies.removeDocument({ id: company.id, kind }),
    onSuccess: (view) => {
      onSuccess(view)
      say((t) => t('companies.documentRemoved'))
    },
  })
  const take = async ([file]: readonly File[]): Promise<void> => {
    put.reset()
    remove.reset()
    say(null)
    if (file === undefined) return
    const read = await readDocument(file)
    setFault('fault' in read ? read.fault : null)
    if ('contentBase64' in read) put.mutate(read.contentBase64)
  }
  return (
    <div className="company-document">
      <h4>{t(`companies.kinds.${kind}`)}</h4>
      {present !== undefined && (
        <>
          <p className="muted">
            {present.contentType === 'image/png' ? 'PNG' : 'JPEG'} · {present.width} × {present.height} ·{' '}
            {Math.ceil(present.bytes / 1024)} KB
          </p>
          <DocumentImage
            key={present.id}
            label={t(`companies.kinds.${kind}`)}
            load={() => api.companies.getDocument({ id: company.id, kind })}
          />
          <AllowedButton
            operation="companies.removeDocument"
            label={t('companies.documentRemove')}
            size="small"
            type="text"
            danger
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          />
        </>
      )}
      {lacking === null && (
        <FileDrop
          label={t(present === undefined ? 'companies.documentAdd' : 'companies.documentReplace')}
          hint={t('companies.documentRule')}
          accept="image/png,image/jpeg"
          onFiles={(files) => void take(files)}
        />
      )}
      {fault !== null && (
        <p role="alert" className="form-fault">
          {t(`companies.faults.${fault}`)}
        </p>
      )}
      <ProblemNotice error={put.error ?? remove.error} />
      <p role="status" className="muted">
        {put.isPending ? t('companies.documentSending') : result}
      </p>
    </div>
  )
}
