/**
 * All that the log has of one entry, and what else there is of the same person or thing.
 *
 * @module
 */
import type { AuditEntryView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Facts } from '../../components/facts.tsx'
import { Moment } from '../../components/moment.tsx'
import { RecordDrawer } from '../../components/record-drawer.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { placeOfSearch } from './audit-query.ts'
import { OUTCOME_TONES, whatHappened } from './audit-words.ts'
import { Subject } from './subject.tsx'

interface EntryDrawerProps {
  readonly entry: AuditEntryView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly installation: boolean | undefined
}

export function EntryDrawer({ entry, isOpen, onClose, installation }: EntryDrawerProps) {
  return (
    <RecordDrawer title={entry === null ? '' : whatHappened(entry)} isOpen={isOpen} onClose={onClose} formId={null}>
      {entry !== null && <Entry entry={entry} installation={installation} onLeave={onClose} />}
    </RecordDrawer>
  )
}

interface EntryProps {
  readonly entry: AuditEntryView
  readonly installation: boolean | undefined
  readonly onLeave: () => void
}

function Entry({ entry, installation, onLeave }: EntryProps) {
  const { t } = useTranslation()
  const { at, actor, actorKind, action, subjectId, outcome, address, requestId, accountId } = entry
  const details = Object.entries(entry.details).filter(([, value]) => value !== null)
  return (
    <>
      <Facts
        items={[
          [t('audit.when'), <Moment key="at" at={at} precision="second" />],
          [t('audit.who'), actorKind === null ? actor : `${actor} (${t(`audit.actorKinds.${actorKind}`)})`],
          [t('audit.what'), <code key="action">{action}</code>],
          [
            t('audit.outcome'),
            <Mark key="outcome" tone={OUTCOME_TONES[outcome]}>
              {t(`audit.outcomes.${outcome}`)}
            </Mark>,
          ],
          [t('audit.concerns'), <Subject key="subject" id={subjectId} />],
          [t('audit.address'), address ?? '–'],
          requestId === null
            ? null
            : [
                t('audit.request'),
                <code key="request" className="break">
                  {requestId}
                </code>,
              ],
          [
            t('shell.accountName'),
            accountId === null ? (
              t('audit.ofInstallation')
            ) : (
              <code key="account" className="break">
                {accountId}
              </code>
            ),
          ],
        ]}
      />
      <p>{t(`audit.outcomeTexts.${outcome}`)}</p>
      {details.length > 0 && (
        <>
          <h3>{t('audit.details')}</h3>
          <dl className="fact-list audit-details">
            {details.map(([name, value]) => (
              <Detail key={name} name={name} value={value} />
            ))}
          </dl>
        </>
      )}
      <ul className="consequences audit-more">
        <li>
          <Link href={placeOfSearch({ actor, installation })} onClick={onLeave}>
            {t('audit.moreOfActor', { actor })}
          </Link>
        </li>
        {subjectId !== null && (
          <li>
            <Link href={placeOfSearch({ subjectId, installation })} onClick={onLeave}>
              {t('audit.moreOfSubject')}
            </Link>
          </li>
        )}
      </ul>
    </>
  )
}

function Detail({ name, value }: { readonly name: string; readonly value: unknown }) {
  return (
    <>
      <dt className="mono">{name}</dt>
      <dd className="break">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
    </>
  )
}
