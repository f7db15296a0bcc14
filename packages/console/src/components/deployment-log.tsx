/**
 * What a deployment did, line by line: open, and read aloud as lines arrive, when it is under way.
 *
 * @module
 */
import { readLogLine, type TargetView } from '@evercert/contract'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import './deployment-log.css'
import { Moment } from './moment.tsx'

type Deployment = NonNullable<TargetView['deployment']>

/** `applied` may become proved by itself, at any time or never: it is listened to, and says nothing more meanwhile. */
const MAY_CHANGE = new Set(['planned', 'applied'])

export function mayChange({ deployment }: Pick<TargetView, 'deployment'>): boolean {
  return deployment !== null && MAY_CHANGE.has(deployment.state)
}

/** @param of the target's name, for those who hear the page */
export function DeploymentLog({ deployment, of }: { readonly deployment: Deployment; readonly of: string }) {
  const { t } = useTranslation()
  const { log, underWay: isRunning } = deployment
  // Once it was open it stays so: nobody's lines go away when the last of them has come.
  const [isOpen, setOpen] = useState(isRunning)
  if (isRunning && !isOpen) setOpen(true)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isRunning) place.current?.scrollTo({ top: place.current.scrollHeight })
  }, [log.length, isRunning])
  if (log.length === 0 && !isRunning) return null
  return (
    <details open={isOpen}>
      <summary>
        {t('deploymentLog.title')}
        <span className="visually-hidden"> {of}</span>{' '}
        <span className="muted">{t(isRunning ? 'deploymentLog.live' : 'deploymentLog.lines', { count: log.length })}</span>
      </summary>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls can be scrolled by keyboard */}
      <div className="deployment-log" role="log" aria-label={`${t('deploymentLog.title')} ${of}`} ref={place} tabIndex={0}>
        <ol>
          {log.map((line, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- lines are only added
            <Line key={index} line={line} />
          ))}
        </ol>
      </div>
    </details>
  )
}

/** What a command wrote is indented and has no time of its own. */
function Line({ line }: { readonly line: string }) {
  const { at, text } = readLogLine(line)
  if (at === null) return <li className="deployment-output">{line.trimStart()}</li>
  return (
    <li>
      <span className="muted">
        <Moment at={at} precision="second" />
      </span>{' '}
      {pick(text)}
    </li>
  )
}
