/**
 * What was stored, with the way to each certificate.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { certificatePlace } from '../certificates/next-place.ts'
import type { StoredUpload } from './upload-state.ts'

export function StoredList({ stored }: { readonly stored: readonly StoredUpload[] }) {
  const { t } = useTranslation()
  if (stored.length === 0) return null
  return (
    <section className="panel" aria-labelledby="upload-stored">
      <h2 id="upload-stored">{t('upload.stored', { count: stored.length })}</h2>
      <ul className="upload-stored">
        {stored.map(({ name, certificateId }) => (
          <li key={certificateId}>
            <Link className="break" href={certificatePlace({ id: certificateId })}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
      <p className="muted">{t('upload.storedNext')}</p>
    </section>
  )
}
