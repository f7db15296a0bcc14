/**
 * The tour in a line above the list: how far it is and what is next. Put away, it stays away until it is asked for again.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { labelled } from '../../components/join-list.ts'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useTourIsAway } from '../../app/preferences.ts'
import './first-steps.css'
import { stepStates } from './step-states.ts'
import { useStepPlace } from './use-step-place.ts'

const REFRESH_MS = 15_000

export function TourCard() {
  const { t } = useTranslation()
  const [isAway, setAway] = useTourIsAway()
  const progress = useQuery({
    queryKey: keys.firstSteps,
    queryFn: () => api.certificates.firstSteps({}),
    enabled: !isAway,
    refetchInterval: REFRESH_MS,
    retry: false,
  })
  const steps = progress.data === undefined ? [] : stepStates(progress.data)
  const next = steps.find(({ state }) => state === 'now')
  const place = useStepPlace(next?.step ?? null, progress.data?.certificateId ?? null)
  if (isAway || progress.data === undefined || !progress.data.isNeeded || next === undefined) return null
  const done = steps.filter(({ state }) => state === 'done').length
  return (
    <section className="panel tour-card" aria-label={t('shell.firstSteps')}>
      <div>
        <strong>{t('shell.firstSteps')}</strong>{' '}
        <span className="muted">{t('firstSteps.progress', { count: done, all: steps.length })}</span>
        <div>{labelled(t('firstSteps.states.now'), t(`firstSteps.titles.${next.step}`))}</div>
      </div>
      <div className="tour-links">
        <Link href={place}>{t(`firstSteps.links.${next.step}`)}</Link>
        {next.step === 'certificate' && <Link href="/buy">{t('firstSteps.buy')}</Link>}
        <Link href="/first-steps">{t('firstSteps.open')}</Link>
        <Button size="small" onClick={() => setAway(true)}>
          {t('firstSteps.putAway')}
        </Button>
      </div>
    </section>
  )
}
