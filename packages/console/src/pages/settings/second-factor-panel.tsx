/**
 * The second factor: set up, its back-up codes made anew, turned off.
 *
 * @module
 */
import type { UserView } from '@evercert/contract'
import { useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '../../api/keys.ts'
import { endSecondFactor, makeBackupCodes } from '../../api/sign-in.ts'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { BackupCodes } from './backup-codes.tsx'
import { PasswordDialog } from './password-dialog.tsx'
import { SecondFactorDrawer } from './second-factor-drawer.tsx'

export function SecondFactorPanel({ user: { email, hasSecondFactor } }: { readonly user: UserView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const settingUp = useEditing<null>()
  const making = useEditing<null>()
  const ending = useEditing<null>()
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const refresh = () =>
    Promise.all([keys.me, keys.sessions, keys.members].map((queryKey) => queries.invalidateQueries({ queryKey })))
  return (
    <section className="panel" aria-label={t('security.secondFactor')}>
      <h2>{t('security.secondFactor')}</h2>
      <p>
        <Mark tone={hasSecondFactor ? 'good' : 'warning'}>{hasSecondFactor ? t('settings.on') : t('settings.off')}</Mark>
      </p>
      <p className="muted">{hasSecondFactor ? t('security.onText') : t('security.offText')}</p>
      <div aria-live="polite">{codes !== null && <BackupCodes codes={codes} email={email} onKept={() => setCodes(null)} />}</div>
      <div className="button-row">
        {hasSecondFactor ? (
          <>
            <Button onClick={() => making.open(null)}>{t('security.newCodes')}</Button>
            <Button danger onClick={() => ending.open(null)}>
              {t('security.turnOff')}
            </Button>
          </>
        ) : (
          <Button type="primary" onClick={() => settingUp.open(null)}>
            {t('security.setUp')}
          </Button>
        )}
      </div>
      <SecondFactorDrawer
        key={`setUp ${settingUp.key}`}
        email={email}
        isOpen={settingUp.isOpen}
        onClose={settingUp.close}
        onDone={async (made) => {
          setCodes(made)
          settingUp.close()
          await refresh()
        }}
      />
      <PasswordDialog
        key={`making ${making.key}`}
        email={email}
        title={t('security.newCodes')}
        text={t('security.newCodesText')}
        confirm={t('security.newCodes')}
        editing={making}
        act={async (password) => setCodes(await makeBackupCodes(password))}
      />
      <PasswordDialog
        key={`ending ${ending.key}`}
        email={email}
        title={t('security.turnOffTitle')}
        text={t('security.turnOffText')}
        confirm={t('security.turnOff')}
        isDangerous
        editing={ending}
        act={async (password) => {
          await endSecondFactor(password)
          setCodes(null)
          await refresh()
        }}
      />
    </section>
  )
}
