/**
 * What a receipt says. The signed bytes are JSON of this.
 *
 * @module
 */
import { z } from 'zod'
import { endpointProtocol, id, instant, sha256, verdict } from './views.ts'

/** `typ` of its JWS header. */
export const RECEIPT_TYPE = 'evercert-receipt+jws'

/** Where an installation publishes its keys as a JWK set (RFC 7517 §5). */
export const RECEIPT_KEYS_PATH = '/.well-known/evercert-receipt-keys.json'

const servedCertificate = z.object({
  sha256,
  chainSha256: z.array(sha256).meta({ description: 'As it was sent, leaf first' }),
  keyKind: z.enum(['rsa', 'ecdsa', 'other']),
  verdict,
})

export const receiptAddress = z.object({
  address: z.string(),
  observedAt: instant,
  certificates: z.array(servedCertificate).meta({ description: 'Two where one is served for each kind of key' }),
})

const replacedCertificate = z.object({
  sha256,
  basis: z.enum(['observed', 'recorded']).optional().meta({
    description:
      'Whether it was seen to be served, or is the one before in the records, since nothing was seen; absent in older receipts: recorded',
  }),
  others: z.array(sha256).optional().meta({ description: 'What other addresses were seen to serve' }),
})

export const receiptClaims = z.object({
  iss: z.string().meta({ description: 'Address of the installation, or "evercert"' }),
  jti: id,
  iat: z.int().meta({ description: 'Seconds since 1970' }),
  software: z.object({ name: z.literal('Evercert'), version: z.string() }),
  certificate: z.object({
    id,
    name: z.string(),
    sha256,
    serial: z.string(),
    issuer: z.string(),
    names: z.array(z.string()),
    notBefore: instant,
    notAfter: instant,
    chainSha256: z.array(sha256).meta({ description: 'As it was issued, leaf first' }),
  }),
  replaces: replacedCertificate.nullable().meta({ description: 'The certificate that was served before' }),
  provedAt: instant,
  endpoints: z.array(
    z.object({
      id,
      host: z.string(),
      port: z.int(),
      serverName: z.string(),
      protocol: endpointProtocol,
      addresses: z.array(receiptAddress),
    }),
  ),
})
export type ReceiptClaims = z.infer<typeof receiptClaims>

export const receiptView = z.object({
  id,
  certificateId: id,
  provedAt: instant,
  keyId: z.string().meta({ description: 'Thumbprint (RFC 7638) of the key that signed it' }),
  jws: z.string().meta({ description: 'Compact serialization (RFC 7515 §7.1), EdDSA' }),
  claims: receiptClaims,
})
export type ReceiptView = z.infer<typeof receiptView>
