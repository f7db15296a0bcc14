/**
 * Says on every page, to whoever operates the service, that the token with the master key does not answer.
 *
 * @module
 */
import type { KeyHealthView } from '@evercert/contract'
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { joinList } from './join-list.ts'
import './key-away.css'
import { Moment } from './moment.tsx'

export interface KeyAwayProps {
  /** Those whose token does not answer; at least one. */
  readonly nodes: KeyHealthView['nodes']
}

export function KeyAway({ nodes }: KeyAwayProps) {
  const { t } = useTranslation()
  const [first = ''] = nodes.flatMap(({ awaySince }) => (awaySince === null ? [] : [awaySince])).toSorted()
  return (
    <Alert
      className="key-away"
      type="error"
      showIcon
      role="alert"
      title={t('installation.away')}
      description={
        <>
          <p>
            {t('installation.awaySince')} <Moment at={first} /> · {joinList(nodes.map(({ node }) => node))}
          </p>
          <p>{t('installation.awayText')}</p>
          <Link href="/settings/master-keys">{t('installation.masterKeys')}</Link>
        </>
      }
    />
  )
}
