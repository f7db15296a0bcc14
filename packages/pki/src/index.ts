/**
 * Keys, requests, certificates and chains. The ACME client is `@evercert/pki/acme`.
 *
 * @module
 */
export { ariCertId } from './ari-cert-id.ts'
export {
  AUDIT_CHECKPOINT_TYPE,
  AUDIT_GENESIS,
  AUDIT_RETENTION_ACTION,
  auditDigest,
  auditHash,
  auditText,
  formatAuditLine,
  parseAuditLine,
  readAuditCheckpoint,
  verifyAuditChain,
} from './audit-chain.ts'
export { readAuditLines } from './audit-file.ts'
export type { AuditCheckpoint, AuditFault, AuditFaultKind, AuditLine, AuditReport, AuditTrust } from './audit-chain.ts'
export { readCertificateBag } from './certificate-bag.ts'
export { createChainReader, parseCertificate, parseChain } from './certificate.ts'
export type { CertificateFacts } from './certificate.ts'
export { isIssuedBy, orderChain, verifyChain } from './chain.ts'
export type { ChainVerdict, OrderedChain } from './chain.ts'
export { createCsr, parseCsr } from './csr.ts'
export type { CsrFacts, CsrRequest } from './csr.ts'
export { PkiError } from './errors.ts'
export type { CsrFault, PkiErrorCode } from './errors.ts'
export { generateKey, loadKeyOf, loadPrivateKey } from './key.ts'
export type { KeyKind, PrivateKey } from './key.ts'
export { createJks } from './keystore/jks.ts'
export { createPkcs12 } from './keystore/pkcs12.ts'
export type { KeystoreContent } from './keystore/pkcs12.ts'
export type { Pkcs12Protection } from './keystore/protection.ts'
export { keyMatches } from './match.ts'
export { nameMatches } from './names.ts'
export { MAX_INPUT_BYTES, MAX_PEM_BLOCKS, parsePem, toPem } from './pem.ts'
export type { PemBlock } from './pem.ts'
export { jwkThumbprint, signStatement, verifyStatement } from './receipt.ts'
export type { PublicJwk } from './receipt.ts'
