/**
 * What the old certificate has and the new one will not have, before it is paid.
 *
 * @module
 */
import type { QuoteView } from '@evercert/contract'
import { Alert } from 'antd'
import { Sentence } from './sentence.tsx'

export function NotCarriedOver({ lost }: { readonly lost: QuoteView['notCarriedOver'] }) {
  return lost === null ? null : <Alert type="warning" showIcon title={<Sentence of={lost.text} />} />
}
