import { expect, it } from 'vitest'
import { formatCertificates } from '../../src/commands/list.ts'
import { createSession } from '../../src/session.ts'
import { aCertificate, aFreshCertificate, aShell } from '../builders.ts'

it('a renewal hangs under what it renews, and under nothing where a filter leaves that out', () => {
  const session = createSession(aShell(), 'en', {})
  const old = aCertificate({ id: 'crt_old', name: 'shop' })
  const fresh = aFreshCertificate({ id: 'crt_new', name: 'shop-r1', renewsCertificateId: 'crt_old' })
  const stranger = aCertificate({ id: 'crt_other', name: 'blog' })
  expect(formatCertificates(session, [old, fresh]).join('\n')).toContain('└ [new] shop-r1')
  expect(formatCertificates(session, [stranger, fresh]).join('\n')).toMatch(/^\[new\] shop-r1/m)
})
