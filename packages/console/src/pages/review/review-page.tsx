/**
 * One review: who applies, with what documents, what was checked, and the decision.
 *
 * @module
 */
import type { ReviewDetail } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import type { PageProps } from '../../app/page-props.ts'
import { Estimate } from '../../components/estimate.tsx'
import { Facts } from '../../components/facts.tsx'
import { joinList } from '../../components/join-list.ts'
import { Moment } from '../../components/moment.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { ApplicantPanel } from './applicant-panel.tsx'
import { DecisionForm } from './decision-form.tsx'
import './review-page.css'

const TONES = { waiting: 'todo', approved: 'good', refused: 'bad' } as const

export function ReviewPage({ params: { id = '' } }: PageProps) {
  const { t } = useTranslation()
  const [result, say] = useSaid()
  const review = useQuery({ queryKey: [...keys.reviews, 'one', id], queryFn: () => api.reviews.get({ id }) })
  return (
    <>
      <p className="review-back">
        <Link href="/reviews">‹ {t('shell.reviews')}</Link>
      </p>
      <PageHead title={review.data?.companyName ?? t('reviews.one')} result={result} />
      <QueryView query={review}>
        {(detail) => (
          <div className="review">
            <div>
              <ReviewFacts review={detail} />
              <ApplicantPanel review={detail} />
            </div>
            {detail.open ? <DecisionForm review={detail} onDecided={say} /> : <Decision review={detail} />}
          </div>
        )}
      </QueryView>
    </>
  )
}

function ReviewFacts({ review }: { readonly review: ReviewDetail }) {
  const { t } = useTranslation()
  const { state, open, certificateType, domains, submittedBy, submittedAt, estimate } = review
  return (
    <section className="panel" aria-labelledby="review-application">
      <h2 id="review-application">{t('reviews.application')}</h2>
      <Facts
        items={[
          [
            t('reviews.stateTitle'),
            <Mark key="state" tone={state === 'waiting' && !open ? 'ended' : TONES[state]}>
              {state === 'waiting' && !open ? t('reviews.withdrawn') : t(`reviews.state.${state}`)}
            </Mark>,
          ],
          [t('terms.attribute.certificateType'), certificateType],
          [t('reviews.domains'), domains.join(', ')],
          [t('reviews.submittedBy'), submittedBy ?? t('terms.unknown')],
          [t('reviews.submittedAt'), <Moment key="at" at={submittedAt} />],
          open ? [t('reviews.estimate'), <Estimate key="estimate" estimate={estimate} />] : null,
        ]}
      />
    </section>
  )
}

function Decision({ review }: { readonly review: ReviewDetail }) {
  const { t } = useTranslation()
  const { state, reason, evidence, confirmedChecks, decidedBy, decidedAt, reviewedAt } = review
  const isOfEarlier = reviewedAt !== null && decidedAt !== null && reviewedAt < decidedAt
  return (
    <section className="panel" aria-labelledby="review-decision">
      <h2 id="review-decision">{t('reviews.decision')}</h2>
      {state === 'waiting' && <p>{t('reviews.withdrawnText')}</p>}
      <Facts
        items={[
          decidedBy === null ? null : [t('reviews.decidedBy'), decidedBy],
          decidedAt === null ? null : [t('reviews.decidedAt'), <Moment key="at" at={decidedAt} />],
          reason === null ? null : [t('reviews.reason'), reason],
          evidence === null
            ? null
            : [
                t('reviews.evidence'),
                <span key="evidence" className="review-text">
                  {evidence}
                </span>,
              ],
          confirmedChecks.length === 0
            ? null
            : [t('reviews.checks'), joinList(confirmedChecks.map((check) => t(`reviews.check.${check}`)))],
          isOfEarlier ? [t('reviews.reviewedAt'), <Moment key="reviewed" at={reviewedAt} />] : null,
        ]}
      />
    </section>
  )
}
