/**
 * Certificates as archives for one kind of server. With the private key it is an operation of its own, and a permission of its own.
 *
 * @module
 */
import { z } from 'zod'
import { archive, certificateFormat, downloadView, keyFormat } from './download-views.ts'
import { byId, read, write } from './operation.ts'
import { id, page } from './views.ts'

const PATH = '/certificates/{id}/downloads'

export const downloads = {
  list: read(PATH, 'Downloads', 'Formats of the certificate, and why one is not available', 'certificates:read')
    .input(byId)
    .output(page(downloadView)),
  certificate: write(PATH, 'Downloads', 'Download the certificate without its key', 'certificates:read')
    .input(z.strictObject({ id, format: certificateFormat }))
    .output(archive),
  withKey: write(
    `${PATH}/with-key`,
    'Downloads',
    'Download the certificate with its private key, and a new password where the format has one; recorded in its history',
    'keys:download',
  )
    .input(z.strictObject({ id, format: keyFormat }))
    .output(archive),
}
