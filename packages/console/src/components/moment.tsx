/**
 * Times in the zone of whoever looks, in UTC when they point at it.
 *
 * @module
 */
import { Fragment } from 'react'
import { currentLanguage } from '../i18n/i18n.ts'
import { formatInstant, type Precision } from '../i18n/instants.ts'

/** English writes the day as ISO 8601 does: nobody has to guess which number is the month. */
export function formatMoment(at: string, precision: Precision): string {
  return formatInstant(at, precision, currentLanguage())
}

export function Moment({ at, precision = 'minute' }: { readonly at: string; readonly precision?: Precision }) {
  return (
    <time dateTime={at} title={`${at.slice(0, 19).replace('T', ' ')} UTC`} className="number moment">
      {formatMoment(at, precision)
        .split(' ')
        .map((part, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- day and time: they have no other names
          <Fragment key={index}>
            {index > 0 && ' '}
            <span className="nowrap">{part}</span>
          </Fragment>
        ))}
    </time>
  )
}
