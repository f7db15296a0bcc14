/**
 * Which passwords are refused: short ones, and those that guessing begins with (NIST SP 800-63B §3.1.1.2: no rules of composition).
 *
 * @module
 */
import { MIN_PASSWORD_LENGTH } from '@evercert/contract'

export type PasswordFault = 'short' | 'repetitive' | 'common' | 'personal'

/** What the common passwords of at least 12 characters are made of, in lower case, written with letters. */
const COMMON_PARTS = `
  password passwort passwd pass secret letmein welcome changeme default login master access admin administrator root
  user guest test demo temp system server superuser operator qwerty qwertyuiop qwertz azerty asdfghjkl asdfgh asdf
  zxcvbnm zxcvbn qazwsx qazwsxedc qweasdzxc qweasd qwer poiuytrewq lkjhgfdsa mnbvcxz zaqxsw zaq xsw cde abc abcd abcdef
  abcdefgh abcdefghijkl aaa xyz iloveyou loveyou love forever princess sunshine monkey dragon football baseball
  basketball superman batman starwars pokemon michael jordan jennifer charlie shadow ninja trustno whatever computer
  internet samsung google facebook microsoft windows hello world summer winter spring autumn company qaz wsx edc woaini
  wodemima mima nihao zhongguo beijing shanghai huawei alibaba evercert certificate certificates ssl tls my the is new a
  i o s me you one two three first second january monday friday`
  .trim()
  .split(/\s+/)

const LOOKS_LIKE: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
}

const MIN_DIFFERENT_CHARACTERS = 5
const LONGEST_PERIOD = 6
const SEQUENCES = ['01234567890123456789', '98765432109876543210', 'abcdefghijklmnopqrstuvwxyz', 'zyxwvutsrqponmlkjihgfedcba']

/**
 * What is wrong with a new password; null when it may be used.
 *
 * @param person e-mail address and name of whom it belongs to: a password made of them is refused
 */
export function judgePassword(password: string, person: { readonly email: string; readonly name: string }): PasswordFault | null {
  if (Array.from(password).length < MIN_PASSWORD_LENGTH) return 'short'
  const lower = password.toLowerCase()
  if (new Set(lower).size < MIN_DIFFERENT_CHARACTERS || isPeriodic(lower) || SEQUENCES.some((all) => all.includes(lower)))
    return 'repetitive'
  if (isMadeOf(lower, COMMON_PARTS)) return 'common'
  return isMadeOf(lower, [...COMMON_PARTS, ...personalParts(person)]) ? 'personal' : null
}

function personalParts({ email, name }: { readonly email: string; readonly name: string }): string[] {
  const words = `${email} ${name}`.toLowerCase().split(/[^\p{L}]+/u)
  return words.filter((word) => word.length >= 3)
}

function isPeriodic(text: string): boolean {
  for (let period = 1; period <= Math.min(LONGEST_PERIOD, text.length / 2); period += 1) {
    if (text.slice(period) === text.slice(0, -period)) return true
  }
  return false
}

/** Whether nothing is left once the parts, digits and punctuation are taken away: as written, or with digits read as letters. */
function isMadeOf(lower: string, parts: readonly string[]): boolean {
  const longestFirst = parts.toSorted((a, b) => b.length - a.length)
  const asLetters = lower.replace(/[013457@$]/g, (character) => LOOKS_LIKE[character] ?? character)
  return [lower, asLetters].some((text) => {
    let rest = text
    for (const part of longestFirst) rest = rest.replaceAll(part, ' ')
    return /^[^\p{L}]*$/u.test(rest)
  })
}
