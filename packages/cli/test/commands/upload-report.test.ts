import { toProblemDocument } from '@evercert/contract'
import { describe, expect, it } from 'vitest'
import { formatReport, progressText } from '../../src/commands/upload-report.ts'
import { isLoss, skipped } from '../../src/import/found.ts'
import { createNamer, fitName } from '../../src/import/names.ts'
import { fractionOf } from '../../src/import/position.ts'
import { emptyReport } from '../../src/import/upload-items.ts'

const session = { say: (en: string) => en }

describe('progressText', () => {
  const report = emptyReport()
  report.stored.push({ origin: 'a', name: 'a', certificateId: 'crt', sha256: 'x', renewsCertificateId: null })
  report.refused.push({ origin: 'b', name: 'b', problem: toProblemDocument('badKey', 'no') })

  it('shows a bar when it is known how much there is', () => {
    expect(progressText(session, report, 0.5)).toBe(`${'█'.repeat(10)}${'░'.repeat(10)}  50 %  2  1 refused`)
    expect(progressText(session, emptyReport(), 0)).toBe(`${'░'.repeat(20)}  0 %  0`)
    expect(progressText(session, report, 1)).toMatch(/^█{20} {2}100 %/)
  })

  it('counts when it is not known', () => {
    expect(progressText(session, report, null)).toBe('2  1 refused')
    expect(fractionOf({ done: 3, total: 0 })).toBeNull()
    expect(fractionOf({ done: 9, total: 3 })).toBe(1)
  })
})

it('a report of what broke off is not marked as done', () => {
  const paper = { ...session, paint: (_colour: string, text: string) => text, columns: 80, language: 'en' as const }
  const first = (isWhole: boolean) => formatReport(paper, emptyReport(), { dryRun: true, isWhole })[0]
  expect(first(true)).toMatch(/^✔ 0 would be stored/)
  expect(first(false)).toMatch(/^■ 0 would be stored/)
})

describe('names', () => {
  it('are 1 to 64 characters without controls', () => {
    expect(fitName(`  a\u0007b${'c'.repeat(80)}`)).toBe(`ab${'c'.repeat(62)}`)
    expect(fitName('x'.repeat(70), ' (2026-12-05)')).toBe(`${'x'.repeat(51)} (2026-12-05)`)
    expect(fitName('\u0000 ')).toBe('certificate')
  })

  it('are given once', () => {
    const nameFor = createNamer()
    expect(['a', 'a', 'a (2)', 'a'].map((text) => nameFor(text))).toEqual(['a', 'a (2)', 'a (2) (2)', 'a (3)'])
  })
})

describe('what was left out', () => {
  it.each(['noKey', 'encrypted', 'notPem', 'damaged', 'incomplete', 'unreadable', 'tooLarge', 'link', 'unsafePath'] as const)(
    '%s may be a certificate that is missing now',
    (code) => expect(isLoss(skipped('a', code))).toBe(true),
  )
  it.each(['superseded', 'certificateAuthority', 'noCertificate'] as const)('%s is no loss', (code) =>
    expect(isLoss(skipped('a', code))).toBe(false),
  )
})
