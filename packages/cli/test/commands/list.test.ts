import { expect, it } from 'vitest'
import { formatCertificates } from '../../src/commands/list.ts'
import { createSession } from '../../src/session.ts'
import { aFreshCertificate, aListed, aShell } from '../builders.ts'

const session = createSession(aShell(), 'en', {})
const fresh = aFreshCertificate({ id: 'crt_new', name: 'shop-r1', renewsCertificateId: 'crt_old' })

it('a renewal hangs under what it renews, and under nothing where a filter leaves that out', () => {
  const old = aListed({ id: 'crt_old', name: 'shop' })
  const listed = aListed(fresh)
  const stranger = aListed({ id: 'crt_other', name: 'blog' })
  expect(formatCertificates(session, [old, listed]).join('\n')).toContain('└ [new] shop-r1')
  expect(formatCertificates(session, [stranger, listed]).join('\n')).toMatch(/^\[new\] shop-r1/m)
})

it('a renewal that the filter leaves out hangs there too, before what comes next', () => {
  const lines = formatCertificates(session, [
    aListed({ id: 'crt_old', name: 'shop' }, [fresh]),
    aListed({ id: 'crt_2', name: 'blog' }),
  ])
  expect(lines.slice(1).map((line) => line.split(/ {2,}/)[0])).toEqual(['shop', '└ [new] shop-r1', 'blog'])
})
