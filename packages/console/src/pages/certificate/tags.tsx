/**
 * The tags of a certificate, to change.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'

export function Tags({ certificate: { id, tags } }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (wanted: readonly string[]) =>
      api.certificates.tag({
        id,
        add: wanted.filter((tag) => !tags.includes(tag)),
        remove: tags.filter((tag) => !wanted.includes(tag)),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificates }),
  })
  return (
    <>
      <Select
        mode="tags"
        className="tags-select"
        aria-label={t('certificate.tags')}
        placeholder={t('certificate.tagsHelp')}
        value={change.isPending ? [...(change.variables ?? [])] : tags}
        open={false}
        suffixIcon={null}
        tokenSeparators={[',', '，']}
        onChange={(wanted: string[]) => change.mutate(wanted.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ''))}
      />
      <ProblemNotice error={change.error} />
    </>
  )
}
