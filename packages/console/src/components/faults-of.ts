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
 * `faults` of the facts are `field.path: message`, `faultsEn` and `faultsZh` the same in words of each language. A problem that names one field (`facts.field`) says cause and remedy there; of domains it
 * says what to do about each that is wrong.
 *
 * @param ofMessage what a form says of a field whose message is in English alone
 */
export function faultsOf(problem: ProblemDocument, language: 'zh' | 'en', ofMessage: (message: string) => string): FieldFault[] {
  const { code, facts, remedy, cause } = problem
  const said = namedIn(facts[language === 'zh' ? 'faultsZh' : 'faultsEn'])
  if (said.length > 0) return said.map(({ name, message }) => ({ name, errors: [message] }))
  const named = namedIn(facts['faults'])
  if (named.length > 0) return named.map(({ name, message }) => ({ name, errors: [ofMessage(message)] }))
  if (code === 'badDomain') return [{ name: ['domains'], errors: domainFaults(facts, language) }]
  const field = typeof facts['field'] === 'string' ? facts['field'] : FIELD_OF[code]
  if (field === undefined) return []
  const advice = facts[language === 'zh' ? 'adviceZh' : 'adviceEn']
  if (typeof advice === 'string') return [{ name: field.split('.'), errors: [advice] }]
  const sentences = [cause, remedy].map((text) => inOwnZone(text[language], language))
  return [{ name: field.split('.'), errors: [sentences.join(language === 'zh' ? '' : ' ')] }]
}

function namedIn(faults: unknown): readonly { readonly name: string[]; readonly message: string }[] {
  if (!Array.isArray(faults)) return []
  return faults
    .map((fault) => /^([\w.-]+): (.*)$/s.exec(String(fault)))
    .filter((match) => match !== null)
    .map(([, path = '', message = '']) => ({ name: path.split('.'), message }))
}

/** Each name that is wrong, and what to do about it. */
function domainFaults(facts: ProblemDocument['facts'], language: 'zh' | 'en'): string[] {
  const { names, [language === 'zh' ? 'adviceZh' : 'adviceEn']: advice } = facts
  if (!Array.isArray(names) || !Array.isArray(advice)) return []
  return names.map((name, index) => `${String(name)}${language === 'zh' ? '：' : ': '}${String(advice[index])}`)
}
