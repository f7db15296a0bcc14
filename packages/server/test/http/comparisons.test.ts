import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const PACKAGES = join(import.meta.dirname, '../../..')

/** Something secret, compared with what somebody may have sent: how long it takes would tell how much of it is right. */
const SECRET = String.raw`[\w.]*(?:secret|token|password|passphrase|signature|hmac|\bmac|credential|cookie|pin|otp|nonce|state)`
const OF_TEXT = new RegExp(
  String.raw`(?<left>\b${SECRET})\s*[!=]==?\s*(?<right>[\w.]+)|(?<one>[\w.]+)\s*[!=]==?\s*(?<other>${SECRET}\b)`,
  'gi',
)
/** Whether it is there at all, and names of kinds and states. */
const PLAIN = /^(undefined|null|true|false|\d+|typeof|[\w.]*\.length|[A-Z][A-Z_]+)$/

/** Each is no secret, for the reason that stands there. */
const KNOWN: Readonly<Record<string, string>> = {
  'server/src/adapters/dns/rfc2136/rfc2136.ts: error === TSIG_ERROR.badSignature': 'the number of an error',
  'server/src/adapters/secrets/master-key-pkcs11/token.ts: label === token': 'the label of a device, as it is set',
  'server/src/adapters/secrets/master-key-pkcs11/token.ts: serial === token': 'the serial number of a device, as it is set',
  'server/src/services/payments.ts: .state === order.state': 'what has become of an order',
}

/** Comparisons of something secret in a source. */
function comparisonsIn(source: string): string[] {
  const text = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '')
  return [...text.matchAll(OF_TEXT)].flatMap(({ 0: whole, groups = {} }) => {
    const sides = [groups['right'] ?? groups['one'] ?? '', groups['left'] ?? groups['other'] ?? '']
    return sides.some((side) => PLAIN.test(side)) ? [] : [whole.replaceAll(/\s+/g, ' ')]
  })
}

test('nothing secret is compared character by character', () => {
  const found = ['server', 'agent', 'pki', 'pair-files'].flatMap((name) => {
    const folder = join(PACKAGES, name, 'src')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.ts'))
    return files.flatMap((file) =>
      comparisonsIn(readFileSync(join(folder, file), 'utf8')).map((each) => `${name}/src/${file}: ${each}`),
    )
  })
  expect(found.toSorted()).toEqual(Object.keys(KNOWN))
  expect(comparisonsIn('if (given.token !== row.token || mac === expected) // a === token')).toHaveLength(2)
  expect(comparisonsIn('secret === null || typeof token === "string" || secretId === secretId')).toEqual([])
})
