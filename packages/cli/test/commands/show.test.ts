import { expect, it } from 'vitest'
import { formatCertificate } from '../../src/commands/show.ts'
import { createSession } from '../../src/session.ts'
import { aCertificate, aShell } from '../builders.ts'

it("shows when a managed certificate's CA would have it renewed, and its page; nothing where it says nothing", () => {
  const session = createSession(aShell(), 'zh', {})
  const suggestion = { from: '2027-01-02T03:04:00.000Z', until: '2027-01-04T03:04:00.000Z', page: 'https://ca.example/why' }
  const management = {
    spendingLimit: { amountMinor: 0, currency: 'CNY' },
    nextAction: null,
    at: null,
    suggestion,
    problem: null,
    foreseen: null,
  }
  const shown = (managed: typeof management | null) =>
    formatCertificate(session, aCertificate({ management: managed })).join('\n')
  expect(shown(management)).toMatch(/CA 建议续费 +2027-01-02 .* – 2027-01-04 .* https:\/\/ca\.example\/why/u)
  expect(shown(null)).not.toContain('CA 建议')
})
