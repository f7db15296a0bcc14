/**
 * A failure around a passkey: of the device, or of the service.
 *
 * @module
 */
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'
import { DeviceError } from '../api/passkeys.ts'
import { ProblemNotice } from './problem-notice.tsx'

export function DeviceProblem({ error }: { readonly error: unknown }) {
  const { t } = useTranslation()
  if (!(error instanceof DeviceError)) return <ProblemNotice error={error} />
  return (
    <Alert
      className="problem"
      type="error"
      showIcon
      role="alert"
      title={t(`signIn.deviceCauses.${error.fault}`)}
      description={t(`signIn.deviceRemedies.${error.fault}`)}
    />
  )
}
