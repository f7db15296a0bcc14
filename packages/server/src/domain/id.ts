/**
 * Identifiers: a prefix that says what it names, then 26 characters that sort by time (48 bits of milliseconds, 80 random bits).
 *
 * @module
 */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's base 32: nothing that looks alike
const TIME_CHARACTERS = 10
const RANDOM_BYTES = 16

export type IdPrefix =
  | 'acc'
  | 'tok'
  | 'sec'
  | 'ord'
  | 'pay'
  | 'ltx'
  | 'crt'
  | 'rnw'
  | 'dns'
  | 'key'
  | 'app'
  | 'iss'
  | 'tgt'
  | 'dep'
  | 'end'
  | 'cao'
  | 'ctc'
  | 'cpy'
  | 'doc'
  | 'csr'
  | 'rev'
  | 'ntc'
  | 'chn'
  | 'ndl'
  | 'rvk'
  | 'usr'
  | 'ses'
  | 'crd'
  | 'chl'
  | 'sfa'
  | 'psk'
  | 'dvc'
  | 'inv'
  | 'rcp'
  | 'cnd'
  | 'prm'
  | 'agt'
  | 'enr'
  | 'wrk'
  | 'apr'

/** @param random 16 random bytes, of which 80 bits are used */
export function formatId(prefix: IdPrefix, now: number, random: Uint8Array): string {
  if (random.length < RANDOM_BYTES) throw new RangeError(`an id needs ${RANDOM_BYTES} random bytes`)
  let time = now
  let timePart = ''
  for (let i = 0; i < TIME_CHARACTERS; i += 1) {
    timePart = (ALPHABET[time % 32] ?? '0') + timePart
    time = Math.floor(time / 32)
  }
  let randomPart = ''
  for (let i = 0; i < RANDOM_BYTES; i += 1) randomPart += ALPHABET[(random[i] ?? 0) % 32] ?? '0'
  return `${prefix}_${timePart}${randomPart}`
}

const ID = new RegExp(`^[a-z]{3}_[${ALPHABET}]{${TIME_CHARACTERS + RANDOM_BYTES}}$`)

/** Whether it looks like one that was given here. Of what it names, and whether there is such a thing, it says nothing. */
export function isId(text: string): boolean {
  return ID.test(text)
}
