/**
 * What an agent was asked for, and what it reported, in plain words.
 *
 * @module
 */
import { readLogLine, type AgentWorkView } from '@evercert/contract'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { CertificateLink } from '../../components/certificate-link.tsx'
import { formatMoment, Moment } from '../../components/moment.tsx'
import { Mark, type Tone } from '../../components/status-mark.tsx'
import { TechnicalDetail } from '../../components/technical-detail.tsx'
import { pick } from '../../i18n/i18n.ts'

export function WorkPanel({ work }: { readonly work: readonly AgentWorkView[] }) {
  const { t } = useTranslation()
  return (
    <section className="panel" aria-labelledby="agent-work">
      <h2 id="agent-work">{t('agents.work')}</h2>
      <p className="muted">{work.length === 0 ? t('agents.noWorkYet') : t('agents.workIntro')}</p>
      <ul className="works" aria-label={t('agents.work')}>
        {work.map((each) => (
          <WorkRow key={each.id} work={each} />
        ))}
      </ul>
    </section>
  )
}

type Report = NonNullable<AgentWorkView['report']>

const STATE_TONES = { queued: 'busy', leased: 'busy', expired: 'ended', reported: 'good' } as const
const OUTCOME_TONES: Readonly<Record<Report['outcome'], Tone>> = {
  installed: 'good',
  restored: 'good',
  csrMade: 'good',
  refused: 'bad',
  rolledBack: 'bad',
  failed: 'bad',
}

function WorkRow({ work }: { readonly work: AgentWorkView }) {
  const { t } = useTranslation()
  const { kind, site, state, report, certificateId, targetName, createdAt } = work
  return (
    <li>
      <div className="work-head">
        <strong className="break">{t(`agents.doing.${kind}`, { site })}</strong>
        {report === null ? (
          <Mark tone={STATE_TONES[state]}>{state === 'reported' ? t('agents.reported') : t(`agents.workState.${state}`)}</Mark>
        ) : (
          <Mark tone={OUTCOME_TONES[report.outcome]}>{t(`agents.outcome.${report.outcome}`)}</Mark>
        )}
      </div>
      <p>{meaningOf(t, work)}</p>
      {typeof report?.problem === 'string' && <TechnicalDetail text={report.problem} />}
      <div className="muted work-head">
        <CertificateLink id={certificateId} />
        {targetName !== null && (
          <span className="break">
            {t('agents.workOf')} {targetName}
          </span>
        )}
        <span>
          {t('agents.handedOver')} <Moment at={createdAt} precision="second" />
        </span>
        {report !== null && (
          <span>
            {t('agents.reported')} <Moment at={report.at} precision="second" />
          </span>
        )}
      </div>
      {report !== null && report.log.length > 0 && (
        <details>
          <summary>
            {t('agents.log')}
            <span className="visually-hidden"> {site}</span>
          </summary>
          <pre className="work-log">{report.log.map(inWords).join('\n')}</pre>
        </details>
      )}
    </li>
  )
}

function inWords(line: string): string {
  const { at, text } = readLogLine(line)
  return at === null ? line : `${at} ${pick(text)}`
}

function meaningOf(t: TFunction, { kind, state, report, expiresAt }: AgentWorkView): string {
  if (report !== null) return reportMeaning(t, report)
  if (state === 'queued' && kind === 'csr') return t('agents.meaning.queuedCsr')
  if (state === 'queued') return t('agents.meaning.queued', { until: formatMoment(expiresAt, 'minute') })
  return state === 'leased' ? t('agents.meaning.leased') : t('agents.meaning.expired')
}

function reportMeaning(t: TFunction, { outcome, changed, reloaded }: Report): string {
  if (outcome === 'restored') return t(changed === false ? 'agents.meaning.nothingToRestore' : 'agents.meaning.restored')
  if (outcome !== 'installed') return t(`agents.meaning.${outcome}`)
  if (changed === false && reloaded !== true) return t('agents.meaning.unchanged')
  return t(reloaded === true ? 'agents.meaning.written' : 'agents.meaning.writtenOnly')
}
