/**
 * The way to the first proved renewal, step by step, each leading to the page where it is done.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useTourIsAway } from '../../app/preferences.ts'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import './first-steps.css'
import { stepStates, type TourStep } from './step-states.ts'
import { useStepPlace } from './use-step-place.ts'

/** What another page, or another person, did is seen soon. */
const REFRESH_MS = 5000

export function FirstStepsPage() {
  const { t } = useTranslation()
  const [isAway, setAway] = useTourIsAway()
  const progress = useQuery({
    queryKey: keys.firstSteps,
    queryFn: () => api.certificates.firstSteps({}),
    refetchInterval: REFRESH_MS,
  })
  return (
    <>
      <PageHead
        title={t('shell.firstSteps')}
        intro={t('firstSteps.intro')}
        actions={<Button onClick={() => setAway(!isAway)}>{isAway ? t('firstSteps.resume') : t('firstSteps.putAway')}</Button>}
        result={isAway ? t('firstSteps.isAway') : null}
      />
      <section className="panel" aria-label={t('shell.firstSteps')}>
        <QueryView query={progress}>
          {(data) => {
            const steps = stepStates(data)
            const done = steps.filter(({ state }) => state === 'done').length
            return (
              <>
                <p role="status" className="tour-progress">
                  {done === steps.length ? t('firstSteps.allDone') : t('firstSteps.progress', { count: done, all: steps.length })}
                </p>
                <ol className="tour">
                  {steps.map((step) => (
                    <Step key={step.step} step={step} certificateId={data.certificateId} />
                  ))}
                </ol>
              </>
            )
          }}
        </QueryView>
      </section>
    </>
  )
}

function Step({ step: { step, state }, certificateId }: { readonly step: TourStep; readonly certificateId: string | null }) {
  const { t } = useTranslation()
  const place = useStepPlace(state === 'now' ? step : step === 'renewed' ? null : step, certificateId)
  return (
    <li data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <div>
        <h2>
          {t(`firstSteps.titles.${step}`)} <span className="tour-state">{t(`firstSteps.states.${state}`)}</span>
        </h2>
        <p className="muted">{t(`firstSteps.texts.${step}`)}</p>
        {(state === 'now' || (step === 'proved' && state === 'done')) && (
          <p className="tour-links">
            <Link href={place}>{t(`firstSteps.links.${step}`)}</Link>
            {step === 'certificate' && <Link href="/buy">{t('firstSteps.buy')}</Link>}
          </p>
        )}
      </div>
    </li>
  )
}
