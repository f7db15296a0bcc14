/**
 * What a certificate is found by, in the list: the twin of `search_words` and `domain_suffixes` in the database (0067-lighter-commits.ts, 0009-certificate-list.ts), for texts
 * that read the same in every collation.
 *
 * @module
 */

/** What the database's `lower` leaves as it is, whatever its locale. */
const PLAIN = /^[\u0020-\u0040\u005b-\u007e]*$/

/** Whether the words of this text may be told here. */
export function isPlainText(text: string): boolean {
  return PLAIN.test(text)
}

/** From each beginning of a word to the end. */
export function wordsOfName(name: string): readonly string[] {
  const words: string[] = []
  let follows = false
  for (let at = 0; at < name.length; at += 1) {
    const belongs = isLetterOrDigit(name.charCodeAt(at))
    if (at === 0 || (belongs && !follows)) words.push(name.slice(at))
    follows = belongs
  }
  return words
}

/** The name itself and its parents, without the last label alone. */
export function suffixesOfDomain(domain: string): readonly string[] {
  const suffixes = [domain]
  for (let dot = domain.indexOf('.'), next; dot >= 0; dot = next) {
    next = domain.indexOf('.', dot + 1)
    if (next >= 0) suffixes.push(domain.slice(dot + 1))
  }
  return suffixes
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)
}
