/**
 * Why somebody who came back from single sign-on is not signed in.
 *
 * @module
 */
import { SINGLE_SIGN_ON_FAULTS } from '@evercert/contract'
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'

export function SingleSignOnFault({ fault }: { readonly fault: string | null }) {
  const { t } = useTranslation()
  const known = SINGLE_SIGN_ON_FAULTS.find((each) => each === fault)
  if (known === undefined) return null
  return (
    <Alert
      className="problem"
      type="error"
      showIcon
      role="alert"
      title={t(`signIn.signOnCauses.${known}`)}
      description={t(`signIn.signOnRemedies.${known}`)}
    />
  )
}
