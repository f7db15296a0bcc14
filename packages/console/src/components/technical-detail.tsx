/**
 * What a service, a CA or a server said in its own words, which are English: in its place in English, folded away in Chinese, where a
 * sentence of the page's own stands before it.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { currentLanguage } from '../i18n/i18n.ts'
import './technical-detail.css'

/** Words in a row: names, addresses and fingerprints are the same in every language. */
const SENTENCE = /[a-z]{2,} [a-z]{2,} [a-z]{2,}/i
const CHINESE = /\p{Script=Han}/u

/** @param text what people wrote in Chinese, such as a reviewer's reason, is shown as it is */
export function TechnicalDetail({ text }: { readonly text: string }) {
  const { t } = useTranslation()
  if (currentLanguage() === 'en' || CHINESE.test(text) || !SENTENCE.test(text))
    return <p className="technical-detail break">{text}</p>
  return (
    <details className="technical-detail">
      <summary>{t('problem.technical')}</summary>
      <p className="break" lang="en">
        {text}
      </p>
    </details>
  )
}
