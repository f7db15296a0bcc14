/**
 * Who applies, as it was sent with the application, with the documents.
 *
 * @module
 */
import type { ReviewDetail } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { countryName } from '../../components/country-select.tsx'
import { Facts } from '../../components/facts.tsx'
import { DocumentImage } from '../../components/document-image.tsx'

export function ApplicantPanel({ review: { id, applicant } }: { readonly review: ReviewDetail }) {
  const { t } = useTranslation()
  const { company, contact, superior, documents } = applicant
  return (
    <>
      {company !== null && (
        <section className="panel" aria-labelledby="review-company">
          <h2 id="review-company">{t('reviews.company')}</h2>
          <Facts
            items={[
              [t('companies.name'), company.name],
              [t('companies.type'), t(`companies.types.${company.type}`)],
              [t('companies.registrationNumber'), company.registrationNumber],
              [t('companies.phone'), company.phone],
              [t('companies.country'), countryName(company.country)],
              [t('companies.region'), company.region],
              [t('companies.city'), company.city],
              [t('companies.address'), company.address],
              [t('companies.postalCode'), company.postalCode],
            ]}
          />
        </section>
      )}
      <section className="panel" aria-labelledby="review-people">
        <h2 id="review-people">{t('reviews.people')}</h2>
        <Facts
          items={[
            contact === null ? null : [t('reviews.contact'), `${contact.name} · ${contact.phone} · ${contact.email}`],
            superior === null
              ? null
              : [t('reviews.superior'), `${superior.name} · ${superior.title} · ${superior.phone} · ${superior.email}`],
          ]}
        />
      </section>
      <section className="panel" aria-labelledby="review-documents">
        <h2 id="review-documents">{t('companies.documents')}</h2>
        {documents.length === 0 && <p className="muted">{t('companies.noDocuments')}</p>}
        {documents.map((kind) => (
          <div key={kind} className="review-document">
            <h3>{t(`companies.kinds.${kind}`)}</h3>
            <DocumentImage label={t(`companies.kinds.${kind}`)} load={() => api.reviews.document({ id, kind })} />
          </div>
        ))}
      </section>
    </>
  )
}
