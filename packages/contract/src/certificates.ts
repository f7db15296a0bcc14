/**
 * Certificates and their applications.
 *
 * @module
 */
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { certificateQuery } from './certificate-list.ts'
import { line } from './line.ts'
import { byId, paging, read, write } from './operation.ts'
import { probeEvent } from './probe-events.ts'
import { applicationForm, applicationView } from './application-views.ts'
import { certificateDetail, completeChain, id, listedCertificate, page, renewsCertificateId } from './views.ts'

export const certificates = {
  list: read(
    '/certificates',
    'Certificates',
    'List certificates; a renewal directly under the one it renews',
    'certificates:read',
  )
    .input(z.strictObject({ ...paging, ...certificateQuery }))
    .output(page(listedCertificate)),
  get: read(
    '/certificates/{id}',
    'Certificates',
    'One certificate with its chain, targets, endpoints and history',
    'certificates:read',
  )
    .input(byId)
    .output(certificateDetail),
  upload: write('/certificates', 'Certificates', 'Upload a certificate bought elsewhere', 'certificates:write', {
    created: true,
  })
    .input(
      z.strictObject({
        name: line(64),
        certificatePem: z.string().min(1).max(262_144).meta({ description: 'Leaf first, then intermediates' }),
        privateKeyPem: z
          .string()
          .min(1)
          .max(65_536)
          .meta({ description: 'Without passphrase; encrypted at rest, never shown again' }),
        completeChain,
        renewsCertificateId,
      }),
    )
    .output(certificateDetail),
  verify: write('/certificates/{id}/verify', 'Certificates', 'Probe every address of its endpoints now', 'certificates:write', {
    audit: 'none',
  })
    .input(byId)
    .output(certificateDetail),
  probe: write(
    '/certificates/{id}/probe',
    'Certificates',
    'Probe every address of its endpoints now, and tell each verdict as it arrives (server-sent events)',
    'certificates:write',
    { audit: 'none' },
  )
    .input(byId)
    .output(eventIterator(probeEvent)),
}

export const applications = {
  get: read(
    '/certificates/{id}/application',
    'Applications',
    'The application in progress, or the prefilled form',
    'certificates:read',
  )
    .input(byId)
    .output(applicationView),
  submit: write('/certificates/{id}/application', 'Applications', 'Submit the application', 'certificates:write', {
    created: true,
    audit: 'history',
  })
    .input(
      applicationForm.extend({
        id,
        reissue: z.boolean().optional().meta({
          description:
            'Issue it again at no charge within the period paid for, although that is not due: for a lost key, or another kind of key',
        }),
      }),
    )
    .output(applicationView),
  check: write('/certificates/{id}/application/check', 'Applications', 'Check the domain validation now', 'certificates:write', {
    audit: 'none',
  })
    .input(byId)
    .output(applicationView),
  withdraw: write('/certificates/{id}/application/withdraw', 'Applications', 'Withdraw the application', 'certificates:write')
    .input(byId)
    .output(applicationView),
}
