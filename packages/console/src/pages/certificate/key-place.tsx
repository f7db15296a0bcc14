/**
 * What kind of key a certificate has, and where it is.
 *
 * @module
 */
import type { IssuanceView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { KeyName } from '../../components/key-name.tsx'

export function KeyPlace({ issuanceKey: { algorithm, place, agent, site } }: { readonly issuanceKey: IssuanceView['key'] }) {
  const { t } = useTranslation()
  return (
    <>
      {algorithm !== null && (
        <>
          <KeyName algorithm={algorithm} />
          {' · '}
        </>
      )}
      {t(`certificate.keyPlaces.${place}`, { agent: agent ?? '', site: site ?? '–' })}
    </>
  )
}
