/**
 * Asks why a certificate is revoked, and says what that does.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Radio from 'antd/es/radio'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { Consequences } from '../../components/consequences.tsx'
import type { CertificateFormProps } from './rename-drawer.tsx'

const REASONS = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'] as const
type Reason = (typeof REASONS)[number]

export function RevokeDialog({ certificate, isOpen, onClose }: CertificateFormProps) {
  const { t } = useTranslation()
  const { id, name, specification } = certificate
  const [reason, setReason] = useState<Reason>('unspecified')
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => api.certificates.revoke({ id, reason }),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  const awaitsContact = specification !== null && specification.certificateType !== 'DV'
  const effects = [
    awaitsContact ? t('life.revokeAwaits') : t('life.revokeNow'),
    t('life.revokeDeploy'),
    t('life.revokeMoney'),
    t('life.revokeEntitlement'),
    t('life.revokeLink'),
  ]
  return (
    <ConfirmDialog
      title={t('life.revokeTitle', { name })}
      confirm={t('life.revoke')}
      isOpen={isOpen}
      isPending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={() => {
        onClose()
        revoke.reset()
      }}
    >
      <p>{t('life.revokeText')}</p>
      <Consequences items={effects} />
      <fieldset className="revoke-why">
        <legend>{t('life.reason')}</legend>
        <Radio.Group
          value={reason}
          options={REASONS.map((value) => ({ value, label: t(`life.revocationReasons.${value}`) }))}
          onChange={({ target }) => setReason(REASONS.find((known) => known === target.value) ?? 'unspecified')}
        />
      </fieldset>
    </ConfirmDialog>
  )
}
