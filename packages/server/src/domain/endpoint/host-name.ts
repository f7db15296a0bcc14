/**
 * Hosts, as people write them and as they are kept: one form of each, so that nothing is proved and counted twice.
 *
 * @module
 */
import { isIP } from 'node:net'
import { canonicalIp, toAscii } from '@evercert/pki/probe'

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const MAX_LENGTH = 253

/**
 * A name in A-labels, lower case and without its final dot; an address in its usual form, without brackets, also when it is written as the
 * number that resolvers take for one. Null when it is neither.
 */
export function canonicalHost(entered: string): string | null {
  const bare = /^\[(.*)\]$/.exec(entered)?.[1] ?? entered
  if (isIP(bare) === 6) return bare.includes('%') ? null : canonicalIp(bare)
  if (/[\s/\\@:?#%[\]]/.test(entered)) return null
  const ascii = toAscii(entered)
  return ascii.length <= MAX_LENGTH && ascii.split('.').every((label) => LABEL.test(label)) ? ascii : null
}
