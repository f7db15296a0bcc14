import { expect, test } from 'vitest'
import { loadConfig } from '../src/config/config.ts'
import { startDocument, startLines } from '../src/start-lines.ts'

const PASSWORD = 'canary-of-a-password'

test('the start names the PostgreSQL that was chosen, never its password, and what may be reached', () => {
  const config = loadConfig({
    EVERCERT_DATABASE_URL: `postgres://ada:${PASSWORD}@db.example:6432/certs`,
    EVERCERT_DATA_DIR: '/srv',
    EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
    EVERCERT_PUBLIC_URL: 'https://certs.example',
  })
  const running = {
    url: 'http://127.0.0.1:8470',
    loopbackUrl: null,
    ownCertificate: null,
    proofPort: null,
    services: { keyring: { keys: { place: '/srv/master.key' } } },
    operatorTokenFile: null,
    firstOperatorLink: null,
  } as unknown as Parameters<typeof startLines>[2]
  const lines = startLines(config, '1.0.0', running)
  expect(lines).toContain('  database        PostgreSQL ada@db.example:6432/certs')
  expect(lines).toContain('  may reach       127.0.0.0/8, ::1/128 (EVERCERT_ALLOW_ADDRESSES)')
  expect(lines).toContain('  public URL      https://certs.example')
  const document = startDocument(config, '1.0.0', running)
  expect(document).toMatchObject({
    database: { kind: 'postgres', user: 'ada', host: 'db.example', port: 6432, database: 'certs' },
  })
  expect(JSON.stringify([lines, document])).not.toContain(PASSWORD)
})
