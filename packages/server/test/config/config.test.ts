import { expect, test } from 'vitest'
import { configSchema, ConfigError, loadConfig } from '../../src/config/config.ts'

const CANARY = 'canary-of-a-secret'

function refusal(environment: Readonly<Record<string, string>>): string {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'nothing is wrong'
}

test.each([
  ['EVERCERT_PORT', 'abc', "is 'abc': give a number from 0 to 65535"],
  ['EVERCERT_PORT', '65536', "is '65536': give a number from 0 to 65535"],
  ['EVERCERT_PORT', '1.5', "is '1.5': give a whole number from 0 to 65535"],
  ['EVERCERT_VALIDATION_HTTPS_PORT', 'some', "is 'some': give none, or a number from 0 to 65535"],
  ['EVERCERT_VALIDATION_DNS_PORT', '0', "is '0': give a number from 1 to 65535"],
  ['EVERCERT_PROBE_HOURS', '0', "is '0': give a number from 0.1 to 168"],
  ['EVERCERT_CLOCK_OFFSET_SECONDS', 'now', "is 'now': give a number"],
  ['EVERCERT_LOG_LEVEL', 'loud', "is 'loud': give one of debug, info, warn, error, silent"],
  ['EVERCERT_PUBLIC_URL', 'ftp://x', "is 'ftp://x': give a URL that begins with http:// or https://"],
  ['EVERCERT_HOLIDAYS', 'Christmas', "is 'Christmas': it must be dates such as 2026-12-25"],
  ['EVERCERT_RENEWAL_WINDOW_TIME_ZONE', 'Mars', "is 'Mars': it is not a known time zone"],
  ['EVERCERT_DISCOVERY_RANGES', '10.0.0.0', "is '10.0.0.0': it must be CIDR ranges such as 10.0.0.0/16"],
  ['EVERCERT_TLS_KEY', 'key.pem', "is 'key.pem': it must be the absolute path of a file"],
  ['EVERCERT_MASTER_KEY_PKCS11_TOKEN', 'x'.repeat(61), `is '${'x'.repeat(60)}…': give 0 to 32 characters`],
  ['EVERCERT_MASTER_KEY', CANARY, 'is wrong (its value is not shown): it must be 64 hex digits'],
  ['EVERCERT_DATABASE_URL', CANARY, 'is wrong (its value is not shown): it must start with postgres://'],
])('%s=%s', (name, value, expected) => {
  const message = refusal({ [name]: value })
  expect(message).toContain(`\n  ${name} ${expected}`)
  expect(message).not.toContain(CANARY)
})

test('all are reported together, also the words of a terminal, harmlessly', () => {
  expect(refusal({ EVERCERT_PORT: '\u001B[2J', EVERCERT_LOG_LEVEL: 'x', EVERCERT_NOISE: '1' })).toBe(
    [
      'The settings are wrong:',
      'EVERCERT_NOISE: there is no such setting',
      "EVERCERT_PORT is '[2J': give a number from 0 to 65535",
      "EVERCERT_LOG_LEVEL is 'x': give one of debug, info, warn, error, silent",
    ].join('\n  '),
  )
})

test('no setting is left to the words of the parser', () => {
  const bad = Object.keys(configSchema.shape).flatMap((name) =>
    ['\u0001', '-1', 'x'.repeat(200)].map((value) => refusal({ [name]: value })),
  )
  expect(bad.filter((message) => /Invalid|expected|received|Too (big|small)|undefined/.test(message))).toEqual([])
})
