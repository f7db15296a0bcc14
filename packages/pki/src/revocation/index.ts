/**
 * Whether a certificate was revoked: CRLs and OCSP responses, read and checked against the issuer's key. Nothing is fetched here. Node only.
 *
 * @module
 */
export { ensureCrlAnswers, findInCrl, readCrl, serialHexOf, type Crl, type CrlEntry, type CrlQuestion } from './crl.ts'
export { isIssuedByDer } from './issued.ts'
export { createOcspRequest, readOcspResponse, type OcspAnswer, type OcspQuestion } from './ocsp.ts'
export { REVOCATION_REASONS, type RevocationReasonName } from './reasons.ts'
export { RevocationError, type RevocationFault } from './revocation-error.ts'
export { readRevocationSources, type RevocationSources } from './sources.ts'
