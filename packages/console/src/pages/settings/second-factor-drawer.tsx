/**
 * Setting up a second factor: the password, then the secret for an authenticator app, and a code of it that shows that it has arrived.
 *
 * @module
 */
import type { SecondFactorAnswer } from '@evercert/contract'
import { useMutation } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import QRCode from 'antd/es/qr-code'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { beginSecondFactor, confirmSecondFactor } from '../../api/sign-in.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { OwnName, PresentPassword } from './present-password.tsx'

interface SecondFactorDrawerProps {
  readonly email: string
  readonly isOpen: boolean
  readonly onClose: () => void
  /** It is in force; its back-up codes are shown this once. */
  readonly onDone: (backupCodes: readonly string[]) => Promise<void>
}

const QR_SIZE = 200

export function SecondFactorDrawer({ email, isOpen, onClose, onDone }: SecondFactorDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<{ password?: string; code?: string }>()
  const [begun, setBegun] = useState<SecondFactorAnswer | null>(null)
  const begin = useMutation({ mutationFn: beginSecondFactor, onSuccess: setBegun })
  const confirm = useMutation({ mutationFn: confirmSecondFactor, onSuccess: () => onDone(begun?.backupCodes ?? []) })
  const isWrongPassword = begin.error !== null && 'problem' in begin.error
  return (
    <FormDrawer<{ password?: string; code?: string }>
      form={form}
      title={t('security.setUp')}
      intro={begun === null ? t('security.setUpIntro') : t('security.scanIntro')}
      submit={begun === null ? t('security.goOn') : t('security.turnOn')}
      isOpen={isOpen}
      isPending={begin.isPending || confirm.isPending}
      error={begun === null ? (isWrongPassword ? null : begin.error) : confirm.error}
      onSubmit={({ password = '', code = '' }) => (begun === null ? begin.mutate(password) : confirm.mutate(code))}
      onClose={onClose}
    >
      {begun === null ? (
        <>
          <OwnName email={email} />
          <PresentPassword error={begin.error} />
        </>
      ) : (
        <Scan uri={begun.totpUri ?? ''} />
      )}
    </FormDrawer>
  )
}

function Scan({ uri }: { readonly uri: string }) {
  const { t } = useTranslation()
  const secret = new URL(uri).searchParams.get('secret') ?? ''
  return (
    <>
      <div className="totp">
        <div className="totp-code">
          <QRCode
            aria-label={t('security.qrCode')}
            value={uri}
            type="svg"
            size={QR_SIZE}
            bordered={false}
            color="#000000"
            bgColor="#ffffff"
          />
        </div>
        <a href={uri}>{t('security.openApp')}</a>
        <div>
          <div className="muted">{t('security.secretHelp')}</div>
          <CopyText text={secret} what={t('security.secret')} />
        </div>
      </div>
      <Form.Item
        name="code"
        label={t('security.code')}
        extra={t('security.codeHelp')}
        rules={[{ required: true, pattern: /^\s*(\d\s*){6}$/, message: t('security.codeMissing') }]}
      >
        <Input className="code-input" inputMode="numeric" autoComplete="one-time-code" maxLength={12} />
      </Form.Item>
    </>
  )
}
