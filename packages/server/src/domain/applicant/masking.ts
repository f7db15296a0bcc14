/**
 * Personal data in lists: enough to recognise, too little to use.
 *
 * @module
 */

/** `ada@example.com` → `a***@example.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@')
  if (at < 1) return '***'
  const [first = ''] = email
  return `${first}***${email.slice(at)}`
}

/** The last two characters stay: `+86 138 0000 1234` → `***34`. Short ones disappear. */
export function maskPhone(phone: string): string {
  return maskTail(phone, 2)
}

/** The last four characters stay: `91310000MA1FL0XX4T` → `***XX4T`. */
export function maskRegistrationNumber(number: string): string {
  return maskTail(number, 4)
}

/** At most a third of it is shown. */
function maskTail(text: string, shown: number): string {
  const characters = Array.from(text)
  return `***${characters.length < shown * 3 ? '' : characters.slice(-shown).join('')}`
}
