import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { draftPlace, forgetKept, forgetOldDrafts, forgetOthers, isOf, RENEWALS_PLACE } from '../../src/app/kept-drafts.ts'
import { keepDraft, readDraft } from '../../src/pages/renewal/application-draft.ts'
import type { FormValues } from '../../src/pages/renewal/application-form.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')
const AT = new Date(NOW).toISOString()
const DAY_MS = 86_400_000
const PLACE = draftPlace({ accountId: 'acc_1', personId: 'usr_1' }, 'crt_1')
const NOBODY = { name: '', email: '', phone: '' }
const values = (wish: Partial<FormValues> = {}): FormValues => ({
  domains: 'shop.example.com',
  validationMethod: 'dnsManual',
  dnsConnectionId: null,
  contactId: '',
  contact: { ...NOBODY, name: '韩梅梅' },
  companyId: null,
  superior: { ...NOBODY, title: '' },
  keySource: 'system',
  key: 'p256',
  csrPem: '',
  hostKey: null,
  ...wish,
})

/** What a browser has: its methods are not among its keys. */
function aStorage(): Record<string, string> {
  const kept: Record<string, string> = Object.create({
    getItem: (place: string) => kept[place] ?? null,
    setItem: (place: string, text: string) => void (kept[place] = text),
    removeItem: (place: string) => void delete kept[place],
  }) as Record<string, string>
  return kept
}
beforeEach(() => {
  vi.stubGlobal('localStorage', aStorage())
  vi.stubGlobal('sessionStorage', aStorage())
})
afterEach(() => vi.unstubAllGlobals())

it('is there again, for the application that it was typed over', () => {
  expect(keepDraft(PLACE, 'app_1 reviewFailed', values(), AT)).toBe(true)
  expect(readDraft(PLACE, 'app_1 reviewFailed', NOW)).toEqual({ at: AT, values: values() })
  expect(readDraft(PLACE, 'app_2 reviewFailed', NOW)).toBeNull()
})

it('is nobody else’s, and is gone when somebody signs out', () => {
  keepDraft(PLACE, '', values(), AT)
  expect(readDraft(draftPlace({ accountId: 'acc_1', personId: 'usr_2' }, 'crt_1'), '', NOW)).toBeNull()
  localStorage.setItem('evercert.theme', 'dark')
  forgetKept()
  expect(Object.keys(localStorage)).toEqual(['evercert.theme'])
})

it('is gone, and interrupted renewals with it, when somebody else signs in after a session that ended by itself', () => {
  const renewals = { accountId: 'acc_1', personId: 'usr_1', items: [], outcomes: {}, leftOut: [] }
  const other = draftPlace({ accountId: 'acc_1', personId: 'usr_2' }, 'crt_1')
  keepDraft(PLACE, '', values(), AT)
  keepDraft(other, '', values(), AT)
  sessionStorage.setItem(RENEWALS_PLACE, JSON.stringify(renewals))
  localStorage.setItem('evercert.theme', 'dark')
  forgetOthers('usr_1')
  expect([Object.keys(localStorage), Object.keys(sessionStorage)]).toEqual([[PLACE, 'evercert.theme'], [RENEWALS_PLACE]])
  expect([isOf(renewals, renewals), isOf(renewals, { ...renewals, personId: 'usr_2' })]).toEqual([true, false])
  forgetOthers('usr_2')
  expect([Object.keys(localStorage), Object.keys(sessionStorage)]).toEqual([['evercert.theme'], []])
  sessionStorage.setItem(RENEWALS_PLACE, JSON.stringify(renewals))
  forgetKept()
  expect(Object.keys(sessionStorage)).toEqual([])
  sessionStorage.setItem(RENEWALS_PLACE, 'no JSON')
  forgetOthers('usr_1')
  expect(Object.keys(sessionStorage)).toEqual([])
})

it('is forgotten when the console is opened, whoever typed it, once it is old', () => {
  const old = draftPlace({ accountId: 'acc_9', personId: 'usr_9' }, 'crt_9')
  keepDraft(old, '', values(), new Date(NOW - 8 * DAY_MS).toISOString())
  keepDraft(PLACE, '', values(), AT)
  localStorage.setItem('evercert.draft.acc_1.usr_1.crt_3', '[]')
  forgetOldDrafts(NOW)
  expect(Object.keys(localStorage)).toEqual([PLACE])
})

it('keeps nothing of a text that holds a private key', () => {
  const csrPem = '-----BEGIN CERTIFICATE REQUEST-----\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE'
  keepDraft(PLACE, '', values({ keySource: 'csr', csrPem }), AT)
  expect(localStorage.getItem(PLACE)).not.toContain('MHcCAQEE')
  expect(readDraft(PLACE, '', NOW)?.values).toMatchObject({ keySource: 'csr', csrPem: '' })
})

it('is forgotten after a week, with every other that is as old, and when it is not what was written', () => {
  const other = draftPlace({ accountId: 'acc_1', personId: 'usr_1' }, 'crt_2')
  keepDraft(other, '', values(), new Date(NOW - 8 * DAY_MS).toISOString())
  keepDraft(PLACE, '', values(), new Date(NOW - 6 * DAY_MS).toISOString())
  expect(readDraft(PLACE, '', NOW)).not.toBeNull()
  expect(localStorage.getItem(other)).toBeNull()
  for (const text of ['{', 'null', JSON.stringify({ at: AT, base: '', values: { ...values(), keySource: 'root' } })]) {
    localStorage.setItem(PLACE, text)
    expect(readDraft(PLACE, '', NOW)).toBeNull()
    expect(localStorage.getItem(PLACE)).toBeNull()
  }
})

it('says that there is no room', () => {
  vi.stubGlobal('localStorage', {
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError')
    },
  })
  expect(keepDraft(PLACE, '', values(), AT)).toBe(false)
})
