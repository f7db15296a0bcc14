/**
 * A company in full, with its documents. One that was just added stays open, so that its documents can follow.
 *
 * @module
 */
import type { Company, CompanyView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { QueryView } from '../../components/query-view.tsx'
import { RecordDrawer, useFormId } from '../../components/record-drawer.tsx'
import { NEW } from '../../components/use-opened.ts'
import { CompanyDocuments } from './company-documents.tsx'
import { CompanyForm } from './company-form.tsx'

export interface CompanyDrawerProps {
  readonly opened: string | null
  readonly open: (id: string | null) => void
  readonly onSaved: (name: string) => void
}

const toCompany = ({ id: _id, documents: _documents, createdAt: _c, updatedAt: _u, ...company }: CompanyView): Company => company

export function CompanyDrawer({ opened, open, onSaved }: CompanyDrawerProps) {
  const { t } = useTranslation()
  const formId = useFormId()
  const queries = useQueryClient()
  const isNew = opened === NEW
  const present = useQuery({
    queryKey: [...keys.companies, opened],
    queryFn: () => api.companies.get({ id: opened ?? '' }),
    enabled: opened !== null && !isNew,
    staleTime: Infinity, // what is being edited does not change under the hands
    gcTime: 0,
  })
  const save = useMutation({
    mutationFn: (company: Company) =>
      isNew ? api.companies.create(company) : api.companies.update({ ...company, id: opened ?? '' }),
    onSuccess: async (view) => {
      onSaved(view.name)
      if (isNew) {
        queries.setQueryData([...keys.companies, view.id], view)
        open(view.id)
      } else open(null)
      await queries.invalidateQueries({ queryKey: keys.companies, exact: true })
    },
  })
  const close = (): void => {
    save.reset()
    open(null)
  }
  const form = (values: Company | null) => (
    <CompanyForm id={formId} values={values} error={save.error} onSubmit={(company) => save.mutate(company)} />
  )
  return (
    <RecordDrawer
      title={t(isNew ? 'companies.add' : 'companies.edit')}
      isOpen={opened !== null}
      onClose={close}
      formId={isNew || present.data !== undefined ? formId : null}
      submit={isNew ? t('companies.saveNew') : t('forms.save')}
      operation={isNew ? 'companies.create' : 'companies.update'}
      isBusy={save.isPending}
    >
      {isNew ? (
        <>
          <p className="muted">{t('companies.newIntro')}</p>
          {form(null)}
        </>
      ) : (
        <QueryView query={present}>
          {(company) => (
            <>
              <CompanyDocuments company={company} />
              <h3>{t('companies.details')}</h3>
              {form(toCompany(company))}
            </>
          )}
        </QueryView>
      )}
    </RecordDrawer>
  )
}
