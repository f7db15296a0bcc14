/**
 * A sentence of the API: its instants in the zone of whoever looks, in UTC when they point at one.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { Fragment } from 'react'
import { currentLanguage } from '../i18n/i18n.ts'
import { partsOf } from '../i18n/instants.ts'
import { Moment } from './moment.tsx'
import { ShortId } from './short-id.tsx'

interface SentenceProps {
  readonly of: Bilingual
  /** In a narrow column: ids by their ends. */
  readonly isNarrow?: boolean
}

export function Sentence({ of, isNarrow = false }: SentenceProps) {
  return partsOf(of[currentLanguage()]).map((part, index) => (
    // A sentence has no other names for its parts than their places.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={index}>{'at' in part ? <Moment at={part.at} /> : isNarrow ? withShortIds(part.text) : part.text}</Fragment>
  ))
}

const ID = /\b([a-z]{3}_[0-9a-z]{26})\b/

function withShortIds(text: string) {
  // oxlint-disable-next-line react/no-array-index-key -- every second part is an id
  return text.split(ID).map((part, index) => (index % 2 === 0 ? part : <ShortId key={index} id={part} />))
}
