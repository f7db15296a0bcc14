import { expect, it } from 'vitest'
import { issuerTitleIn, SHIPPED_ISSUERS } from '../src/shipped-issuers.ts'

it('says what comes with Evercert in the reader’s language, and everything else as its operator wrote it', () => {
  for (const { title } of SHIPPED_ISSUERS) {
    expect([issuerTitleIn('zh', title.en), issuerTitleIn('en', title.en)]).toEqual([title.zh, title.en])
    expect(title.zh).toMatch(/[一-龥]/u)
  }
  expect(issuerTitleIn('zh', 'Our own CA')).toBe('Our own CA')
})
