/**
 * The line for the host, shown this once, until the host is here.
 *
 * @module
 */
import type { AgentView } from '@evercert/contract'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { CopyText } from '../../components/copy-text.tsx'
import { Moment } from '../../components/moment.tsx'
import { agentPlace } from './agent-place.ts'
import type { Enrolment } from './enrol-drawer.tsx'

interface EnrolNoticeProps {
  readonly made: Enrolment | null
  /** The agent that the line made; null: none yet. */
  readonly arrived: AgentView | null
  readonly onClose: () => void
}

export function EnrolNotice({ made, arrived, onClose }: EnrolNoticeProps) {
  const { t } = useTranslation()
  return (
    <div aria-live="polite">
      {made !== null && arrived !== null && (
        <Alert
          className="done-notice"
          type="success"
          showIcon
          role="none"
          title={t('agents.arrived', { name: arrived.name })}
          description={<Link href={agentPlace(arrived)}>{arrived.hostName}</Link>}
        />
      )}
      {made !== null && arrived === null && (
        <Alert
          className="enrolment"
          type="warning"
          showIcon
          role="none"
          title={t('agents.made', { name: made.name })}
          description={
            <>
              <p>
                {t('agents.madeText')} <Moment at={made.expiresAt} />
              </p>
              <CopyText text={made.command} what={t('agents.command')} />
              <p>{t('agents.madeLost')}</p>
              <p className="muted">{t('agents.waiting')}</p>
              <Button size="small" onClick={onClose}>
                {t('agents.kept')}
              </Button>
            </>
          }
        />
      )}
    </div>
  )
}
