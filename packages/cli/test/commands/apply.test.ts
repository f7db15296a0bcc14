import { describe, expect, it } from 'vitest'
import { mergeForms } from '../../src/commands/apply.ts'
import { formatApplication, formatServers } from '../../src/format-application.ts'
import { runProgram } from '../../src/program.ts'
import { createSession } from '../../src/session.ts'
import { anApplication, aShell } from '../builders.ts'

const SERVICE_URL = 'https://evercert.internal:8470'
const CONTACT = { name: 'Ada', email: 'ada@example.com', phone: '12345' }

describe('the form that is sent', () => {
  const current = anApplication()

  it('is what is known, then the file, then the options', () => {
    const form = mergeForms(current, { domains: ['file.example.com'], key: 'p384' }, { domains: ['option.example.com'] })
    expect(form).toEqual({ ...current.form, domains: ['option.example.com'], key: 'p384' })
  })

  it.each([
    [
      'a stored contact replaces one that was written out',
      { contact: CONTACT },
      { contactId: 'ctc_1' },
      { contact: null, contactId: 'ctc_1' },
    ],
    ['and the other way round', { contactId: 'ctc_1' }, { contact: CONTACT }, { contact: CONTACT, contactId: null }],
    ['a stored CSR replaces a pasted one', { csrPem: 'PEM' }, { csrId: 'csr_1' }, { csrPem: null, csrId: 'csr_1' }],
    ['and the other way round', { csrId: 'csr_1' }, { csrPem: 'PEM' }, { csrPem: 'PEM', csrId: null }],
    [
      'a key of a host replaces a stored CSR',
      { csrId: 'csr_1' },
      { hostKey: { agent: 'web1', site: 'shop' } },
      { csrId: null, hostKey: { agent: 'web1', site: 'shop' } },
    ],
    [
      'and the other way round',
      { hostKey: { agent: 'web1', site: 'shop' } },
      { csrId: 'csr_1' },
      { csrId: 'csr_1', hostKey: null },
    ],
    ['what is not said stays', { contactId: 'ctc_1' }, {}, { contact: null, contactId: 'ctc_1' }],
  ])('%s', (_what, fromFile, fromOptions, expected) => {
    expect(mergeForms(current, fromFile, fromOptions)).toMatchObject(expected)
  })

  it('takes over the CSR of what was refused', () => {
    const form = { ...current.form, csrId: 'csr_1' }
    expect(mergeForms({ ...current, state: 'reviewFailed', form }, {}, {})).toMatchObject({ csrId: 'csr_1' })
  })
})

describe('an application as text', () => {
  const session = createSession(aShell(), 'en', {})

  it('shows what each name server says', () => {
    const servers = [
      { server: 'ns1.example.com', address: '192.0.2.1', answer: 'seen', values: ['token'], problem: null },
      { server: 'ns2.example.com', address: '192.0.2.2', answer: 'otherValue', values: ['old', 'older'], problem: null },
      { server: 'ns3.example.com', address: null, answer: 'noAnswer', values: [], problem: 'ns3.example.com has no address' },
    ] as const
    const lines = formatServers(
      session,
      servers.map((server) => ({ ...server, values: [...server.values] })),
    )
    expect(lines[1]).toMatch(/ns1\.example\.com +192\.0\.2\.1 +has the record +token/)
    expect(lines[2]).toMatch(/ns2\.example\.com +192\.0\.2\.2 +other value +old, older/)
    expect(lines[3]).toMatch(/ns3\.example\.com +– +no answer +ns3\.example\.com has no address/)
  })

  it('gives where to forward to with a host, also when the service gives a path', () => {
    const file = {
      domain: 'shop.example.com',
      method: 'file' as const,
      location: 'http://shop.example.com/.well-known/pki-validation/fileauth.txt',
      forwardTo: '/acc_1/.well-known/',
      content: 'token',
      state: 'pending' as const,
      problem: null,
      validatedAt: null,
      reused: false,
      servers: [],
      serversAskedAt: null,
    }
    const lines = formatApplication(session, anApplication({ validations: [file] }), SERVICE_URL)
    expect(lines.join('\n')).toContain(`the site to ${SERVICE_URL}/acc_1/.well-known/ (`)
  })

  it('shows the refusal, and lets no terminal be driven by it', () => {
    const at = '2026-11-23T06:00:00.000Z'
    const lines = formatApplication(
      session,
      anApplication({
        id: 'app_1',
        state: 'reviewFailed',
        review: { id: 'rev_1', state: 'refused', reason: 'expired\u001B[2J', decidedAt: at, reviewedAt: null },
        problem: {
          code: 'reviewRefused',
          detail: 'expired',
          cause: { en: 'Refused.', zh: '已拒绝。' },
          remedy: { en: 'Correct it.', zh: '请修改。' },
        },
      }),
      SERVICE_URL,
    ).join('\n')
    expect(lines).toMatch(/Review +refused: expired/)
    expect(lines).toContain('Correct it.')
    expect(lines).not.toContain('\u001B')
  })
})

describe('wrong usage says what to do, before anything is sent', () => {
  it.each([
    [['csrs', 'add', '--name', 'x'], /--csr <file>, or --domain/],
    [['csrs', 'add', '--name', 'x', '--domain', 'a.example.com', '--key-kind', 'dsa'], /p256, p384/],
    [['companies', 'add', '--file', '/nonexistent/company.json'], /cannot be read/],
    [['reviews', 'approve', 'rev_1', '--evidence', 'x', '--check', 'guess'], /legalExistence/],
    [['tokens', 'add', '--name', 'x', '--scope', 'everything'], /certificates:read/],
  ])('%j', async (argv, text) => {
    const shell = aShell({ EVERCERT_TOKEN: 't', EVERCERT_URL: 'http://127.0.0.1:9' })
    expect(await runProgram(argv, shell)).toBe(64)
    expect(shell.err()).toMatch(text)
    expect(shell.err()).toContain('(invalid)')
  })
})
