/**
 * Adopting a site that no certificate fits: as an endpoint of one that is chosen.
 *
 * @module
 */
import type { CandidateView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import { useTranslation } from 'react-i18next'
import { labelled } from '../../components/join-list.ts'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { CertificateSelect } from '../../components/certificate-select.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { Said } from '../../components/said.tsx'
import { siteName } from './candidate-name.ts'

interface AdoptDrawerProps {
  readonly candidate: CandidateView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

interface Values {
  readonly certificateId: string
}

export function AdoptDrawer({ candidate, isOpen, onClose, onDone }: AdoptDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const name = candidate === null ? '' : siteName(candidate)
  const adopt = useMutation({
    mutationFn: ({ certificateId }: Values) => api.discovery.accept({ id: candidate?.id ?? '', certificateId }),
    onSuccess: async () => {
      onDone((t) => t('discovery.adopted', { name }))
      for (const queryKey of [keys.candidates, keys.endpoints, keys.certificates]) await queries.invalidateQueries({ queryKey })
    },
  })
  return (
    <FormDrawer<Values>
      form={form}
      title={labelled(t('discovery.adopt'), name)}
      intro={t('discovery.adoptIntro')}
      submit={t('discovery.adopt')}
      isOpen={isOpen}
      isPending={adopt.isPending}
      error={adopt.error}
      onSubmit={(values) => adopt.mutate(values)}
      onClose={onClose}
    >
      <Form.Item name="certificateId" label={t('discovery.belongs')} rules={[{ required: true, message: t('fields.required') }]}>
        <CertificateSelect />
      </Form.Item>
    </FormDrawer>
  )
}
