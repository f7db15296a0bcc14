import { expect, test } from 'vitest'
import { judgePassword } from '../../../src/domain/access/password.ts'

const ADA = { email: 'ada.lovelace@example.com', name: 'Ada Lovelace' }

test.each([
  ['', 'short'],
  ['elevenchars', 'short'],
  ['aaaaaaaaaaaaaaaa', 'repetitive'],
  ['xk7qxk7qxk7qxk7q', 'repetitive'],
  ['123456789012', 'repetitive'],
  ['abcdefghijkl', 'repetitive'],
  ['Password2026!!', 'common'],
  ['P@ssw0rd-P@ssw0rd1', 'common'],
  ['qwertyuiop123', 'common'],
  ['admin-admin-2026', 'common'],
  ['iloveyouforever', 'common'],
  ['Evercert2026!!', 'common'],
  ['19850317-20260101', 'common'],
  ['ada.lovelace.1815', 'personal'],
  ['Example-Lovelace!', 'personal'],
  ['a violet tractor sings', null],
  ['correct horse battery', null],
  ['密码要足够长才可以用哦好', null],
  ['Tr7#kq9!vX2m', null],
])('%s: %s', (password, fault) => {
  expect(judgePassword(password, ADA)).toBe(fault)
})
