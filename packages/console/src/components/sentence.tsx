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

export function Sentence({ of }: { readonly of: Bilingual }) {
  return partsOf(of[currentLanguage()]).map((part, index) => (
    // A sentence has no other names for its parts than their places.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={index}>{'at' in part ? <Moment at={part.at} /> : part.text}</Fragment>
  ))
}
