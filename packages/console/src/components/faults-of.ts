/**
 * What a problem says of single fields, in one language.
 *
 * @module
 */
import type { ProblemDocument } from '@evercert/contract'
import { inOwnZone } from '../i18n/instants.ts'

export interface FieldFault {
  readonly name: string[]
  readonly errors: string[]
}

/** What these problems are about, wherever it is asked for. */
const FIELD_OF: Readonly<Partial<Record<ProblemDocument['code'], string>>> = {
  badCsr: 'csrPem',
  badKey: 'privateKeyPem',
  keyMismatch: 'privateKeyPem',
}

/**
 * `faults` of the facts are `field.path: message`. A problem that names one field (`facts.field`) says cause and remedy there; of domains it
 * says what to do about each that is wrong.
 *
 * @param ofMessage what a form says of a field whose message is in English alone
 */
export function faultsOf(problem: ProblemDocument, language: 'zh' | 'en', ofMessage: (message: string) => string): FieldFault[] {
  const { code, facts, remedy, cause } = problem
  const faults = Array.isArray(facts['faults']) ? facts['faults'].filter((fault) => typeof fault === 'string') : []
  const named = faults.map((fault) => /^([\w.]+): (.*)$/s.exec(fault)).filter((match) => match !== null)
  if (named.length > 0)
    return named.map(([, path = '', message = '']) => ({ name: path.split('.'), errors: [ofMessage(message)] }))
  if (code === 'badDomain') return [{ name: ['domains'], errors: domainFaults(facts, language) }]
  const field = typeof facts['field'] === 'string' ? facts['field'] : FIELD_OF[code]
  if (field === undefined) return []
  const sentences = [cause, remedy].map((text) => inOwnZone(text[language], language))
  return [{ name: field.split('.'), errors: [sentences.join(language === 'zh' ? '' : ' ')] }]
}

/** Each name that is wrong, and what to do about it. */
function domainFaults(facts: ProblemDocument['facts'], language: 'zh' | 'en'): string[] {
  const { names, [language === 'zh' ? 'adviceZh' : 'adviceEn']: advice } = facts
  if (!Array.isArray(names) || !Array.isArray(advice)) return []
  return names.map((name, index) => `${String(name)}${language === 'zh' ? '：' : ': '}${String(advice[index])}`)
}
