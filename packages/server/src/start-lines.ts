/**
 * What the start says: what was chosen, and where the service is.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import type { Config } from './config/config.ts'
import { formatPlace, placeOf } from './db/postgres-place.ts'
import type { OwnPair } from './http/own-pair.ts'
import type { Services } from './services/context.ts'

/** Of a service that runs. */
interface Started {
  readonly url: string
  readonly loopbackUrl: string | null
  readonly ownCertificate: OwnPair | null
  readonly proofPort: number | null
  readonly services: Pick<Services, 'keyring'>
  readonly operatorTokenFile: string | null
  readonly firstOperatorLink: string | null
}

/** Who runs the service, and says what became of its start. */
export interface StartReport {
  started(lines: readonly string[], document: Readonly<Record<string, unknown>>): void
  /** The process ends after it. */
  failed(failure: {
    readonly code: ProblemCode
    readonly detail: string
    readonly facts: Readonly<Record<string, unknown>>
    readonly cause: string | null
  }): void
}

/** The same for programs, as one document. @param version of the software */
export function startDocument(config: Config, version: string, running: Started): Readonly<Record<string, unknown>> {
  const { url, loopbackUrl, ownCertificate, proofPort, services, operatorTokenFile, firstOperatorLink } = running
  return {
    version,
    url,
    loopbackUrl,
    publicUrl: config.publicUrl,
    apiUrl: `${url}/api/v1`,
    dataDir: config.dataDir,
    database: config.databaseUrl === null ? { kind: 'embedded' } : { kind: 'postgres', ...placeOf(config.databaseUrl) },
    masterKey: services.keyring.keys.place,
    operatorTokenFile,
    firstOperatorLink,
    renewalWindowDays: config.renewalPolicy.windowDays,
    allowAddresses: config.allowAddresses,
    proofPort,
    certificate: ownCertificate === null ? null : { sha256: ownCertificate.current().sha256, problem: ownCertificate.problem },
    clockOffsetSeconds: config.clockOffsetMs / 1000,
  }
}

/** @param version of the software */
export function startLines(config: Config, version: string, running: Started): readonly string[] {
  return [
    `Evercert ${version}`,
    `  data folder     ${config.dataDir}`,
    `  database        ${config.databaseUrl === null ? 'embedded (set EVERCERT_DATABASE_URL for PostgreSQL)' : `PostgreSQL ${formatPlace(placeOf(config.databaseUrl))}`}`,
    `  master key      ${running.services.keyring.keys.place}`,
    `  operator token  ${running.operatorTokenFile ?? 'on the node that started first (EVERCERT_RESET_OPERATOR_TOKEN=true makes a new one here)'}`,
    `  renewal window  ${config.renewalPolicy.windowDays} days${zoneText(config)}`,
    ...(config.allowAddresses.length === 0
      ? []
      : [`  may reach       ${config.allowAddresses.join(', ')} (EVERCERT_ALLOW_ADDRESSES)`]),
    ...(config.publicUrl === null ? [] : [`  public URL      ${config.publicUrl}`]),
    `  console         ${running.url}/`,
    `  API             ${running.url}/api/v1 (reference: ${running.url}/api/v1/docs)`,
    ...ownCertificateLines(config, running),
    ...(running.proofPort === null
      ? []
      : [`  validation      port ${running.proofPort} answers /.well-known/ for names in validation`]),
    ...(config.clockOffsetMs === 0
      ? []
      : [`  WARNING         the clock is shifted by ${config.clockOffsetMs / 1000} s: for demonstrations only`]),
    ...(running.firstOperatorLink === null ? [] : [`  first user      open once, within a day: ${running.firstOperatorLink}`]),
    `Ready at ${running.url}`,
  ]
}

function ownCertificateLines(config: Config, { ownCertificate, loopbackUrl }: Started): readonly string[] {
  const local = loopbackUrl === null ? [] : [`  this machine    ${loopbackUrl}, without TLS`]
  if (ownCertificate === null) return local
  const { sha256, notAfter } = ownCertificate.current()
  const until = new Date(notAfter).toISOString().slice(0, 10)
  const lines = [`  certificate     ${config.tls?.certificatePath} (SHA-256 ${sha256}, until ${until})`, ...local]
  if (ownCertificate.problem === null) return lines
  return [
    ...lines,
    `  WARNING         ${ownCertificate.problem}. Until there is a sound pair, a certificate is served that nobody trusts: docs/runbooks/own-certificate.md`,
  ]
}

function zoneText(config: Config): string {
  return config.renewalPolicy.calendar === null ? '' : ` (calendar days, ${config.renewalPolicy.calendar.timeZone})`
}
