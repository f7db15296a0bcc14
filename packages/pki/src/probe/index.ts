/**
 * Proof by handshake: what does every address of a host serve, is it the certificate that was expected, and would a client trust it?
 * Node only.
 *
 * @module
 */
export { canonicalHost, coversName, toAscii } from './host-names.ts'
export { CHECK_NAMES, judge, judgePair, topOf, type Judgement, type PairJudgement } from './judge.ts'
export type {
  FailedObservation,
  KeyKind,
  Observation,
  ProbeFailure,
  ServedCertificate,
  ServedObservation,
  SiteKeyKind,
} from './observation.ts'
export { probeAddress, probeOtherKey, type ProbeRequest } from './probe.ts'
export { askSystem, isAbsence, resolveAddresses, type AddressResolver } from './resolve.ts'
export { nameInOneLine } from './served-chain.ts'
export type { Expectation, RevokedFacts, Verdict } from './verdict.ts'
export { explainMissing, explainRevoked } from './verdict-texts.ts'
export type { Bilingual, Explanation } from './verdict-texts.ts'
export { DEFAULT_PORTS, ENDPOINT_PROTOCOLS, type EndpointProtocol } from './starttls/index.ts'
export { isInOrder, verifyHost, type AddressVerification, type HostVerification, type VerifyRequest } from './verify.ts'
