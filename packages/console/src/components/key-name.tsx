/**
 * A key algorithm as people call it; one that is not known here as the service names it.
 *
 * @module
 */
import { keyKind } from '@evercert/contract'
import { useTranslation } from 'react-i18next'

export function KeyName({ algorithm }: { readonly algorithm: string }) {
  const { t } = useTranslation()
  const kind = keyKind.options.find((option) => option === algorithm)
  return <>{kind === undefined ? algorithm : t(`terms.key.${kind}`)}</>
}
