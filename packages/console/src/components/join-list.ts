/**
 * Several words or sentences in a row, as the language of the page separates them.
 *
 * @module
 */
import { currentLanguage } from '../i18n/i18n.ts'

export function joinList(words: readonly string[]): string {
  return words.join(currentLanguage() === 'zh' ? '、' : ', ')
}

/** Chinese sentences end with their space. */
export function joinSentences(sentences: readonly string[]): string {
  return sentences.join(currentLanguage() === 'zh' ? '' : ' ')
}

/** Between a label that ends with the colon of its language and what follows it. */
export function afterColon(): string {
  return currentLanguage() === 'zh' ? '' : ' '
}

/** `Label: value`, with the colon of the language. */
export function labelled(label: string, value: string): string {
  return `${label}${currentLanguage() === 'zh' ? '：' : ': '}${value}`
}
