/**
 * Proof by handshake: what does every address of a host serve, is it the certificate that was expected, and would a client trust it?
 * Node only. STARTTLS is not here: it needs a spoken prelude on the socket before the handshake of `probe.ts`.
 *
 * @module
 */
export { coversName } from './host-names.ts'
export { CHECK_NAMES, judge, type Judgement } from './judge.ts'
export type { FailedObservation, Observation, ProbeFailure, ServedCertificate, ServedObservation } from './observation.ts'
export { probeAddress, type ProbeRequest } from './probe.ts'
export { resolveAddresses, type AddressResolver } from './resolve.ts'
export type { Expectation, Verdict } from './verdict.ts'
export type { Bilingual, Explanation } from './verdict-texts.ts'
export { verifyHost, type AddressVerification, type HostVerification, type VerifyRequest } from './verify.ts'
