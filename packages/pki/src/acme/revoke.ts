/**
 * Revocation (RFC 8555 §7.6).
 *
 * @module
 */
import type { AcmeAccount, AcmeClient } from './client.ts'
import { AcmeProblem } from './problem.ts'

/**
 * Revokes; what is revoked already stays so.
 *
 * @param certificate.reason a code of RFC 5280 §5.3.1
 * @throws AcmeProblem `unauthorized`, `badRevocationReason`, …; `invalidResponse` when the CA does not revoke over ACME
 */
export async function revokeCertificate(
  client: AcmeClient,
  account: AcmeAccount,
  certificate: { readonly der: Uint8Array; readonly reason: number },
): Promise<void> {
  const { revokeCert } = await client.directory()
  if (revokeCert === null)
    throw new AcmeProblem({ type: 'invalidResponse', detail: 'The CA offers no revocation over ACME.', status: 0 })
  try {
    await client.post(account, revokeCert, {
      certificate: Buffer.from(certificate.der).toString('base64url'),
      reason: certificate.reason,
    })
  } catch (error) {
    if (!(error instanceof AcmeProblem && error.type === 'alreadyRevoked')) throw error
  }
}
