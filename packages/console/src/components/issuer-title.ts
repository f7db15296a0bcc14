/**
 * What an issuer is called on the screen.
 *
 * @module
 */
import { issuerTitleIn } from '@evercert/contract'
import { currentLanguage } from '../i18n/i18n.ts'

export function issuerTitle(title: string): string {
  return issuerTitleIn(currentLanguage(), title)
}
