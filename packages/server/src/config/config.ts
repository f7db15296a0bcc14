/**
 * The environment, parsed once into a frozen object that is passed on. All problems are reported together.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { parseDay, type BusinessCalendar } from '../domain/business-day/business-calendar.ts'
import { parseRange, type AddressRange } from '../domain/endpoint/address-range.ts'
import { HOUR_MS } from '../domain/time.ts'
import { isTimeZone } from '../domain/zoned-day.ts'
import { describeFault } from './describe-fault.ts'

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
/** A single address is a range too. */
function toRange(text: string): AddressRange | null {
  return parseRange(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`)
}

const days = list.refine((dates) => dates.every((date) => parseDay(date) !== null), 'must be dates such as 2026-12-25')
const port = z.coerce.number().int().min(0).max(65_535)

/** Each setting with its default and what it is for: docs/generated/configuration.md is printed from this. */
export const configSchema = z.object({
  EVERCERT_DATA_DIR: z.string().optional().meta({
    description: 'Folder of the embedded database, the master key and the operator token',
    default: '~/.local/share/evercert',
  }),
  EVERCERT_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional()
    .meta({ description: 'PostgreSQL 15 or later; unset = embedded database in the data folder', secret: true }),
  EVERCERT_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}([\s,]+[0-9a-fA-F]{64})*$/, 'must be 64 hex digits; for several keys, with commas between')
    .optional()
    .meta({
      description:
        'Master key of all stored secrets, or several with commas between while one replaces another; unset = file master.key in the data folder',
      secret: true,
    }),
  EVERCERT_MASTER_KEY_PKCS11_MODULE: z.string().refine(isAbsolute, 'must be the absolute path of a file').optional().meta({
    description:
      'Library of a PKCS#11 token (HSM, SoftHSM) that holds the master key, which never leaves it; on Linux and macOS. A file or EVERCERT_MASTER_KEY beside it still opens what it sealed. Unset = no token',
  }),
  EVERCERT_MASTER_KEY_PKCS11_TOKEN: z.string().max(32).optional().meta({ description: 'Label or serial number of the token' }),
  EVERCERT_MASTER_KEY_PKCS11_KEY: z.string().min(1).max(64).default('evercert').meta({
    description:
      'Label (CKA_LABEL) of the master keys in the token: AES, 256 bits, sensitive and not extractable; made where there is none',
  }),
  EVERCERT_MASTER_KEY_PKCS11_PIN_FILE: z.string().refine(isAbsolute, 'must be the absolute path of a file').optional().meta({
    description: 'File of mode 0600 with the PIN of the user of the token; read again when the token comes back',
  }),
  EVERCERT_HOST: z.string().default('127.0.0.1').meta({ description: 'Address to listen on' }),
  EVERCERT_PORT: port.default(8470).meta({ description: 'Port to listen on; 0 = a free one' }),
  EVERCERT_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: 'How others reach this service; written into certificates of the built-in CA (CRL, issuer) and into notices',
    }),
  EVERCERT_TRUSTED_PROXIES: list
    .refine(
      (ranges) => ranges.every((range) => toRange(range) !== null),
      'must be addresses or CIDR ranges such as 10.0.0.5 or 10.0.0.0/24',
    )
    .meta({
      description:
        'Addresses or ranges (CIDR, comma separated) of reverse proxies whose X-Forwarded-For is believed, for rate limits, sessions and the audit log; unset = none',
    }),
  EVERCERT_TLS_CERTIFICATE: z.string().refine(isAbsolute, 'must be the absolute path of a file').optional().meta({
    description:
      'File with the chain (PEM, leaf first) that the service itself serves; read again when it changes, without a restart. Unset = plain HTTP',
  }),
  EVERCERT_TLS_KEY: z.string().refine(isAbsolute, 'must be the absolute path of a file').optional().meta({
    description: 'File with its private key (PEM)',
  }),
  EVERCERT_LOOPBACK_PORT: port.optional().meta({
    description:
      'A further listener for this machine alone, on 127.0.0.1 and without TLS: the way in when the certificate of the service fails; 0 = a free port; unset = none',
  }),
  EVERCERT_HTTP01_PORT: port.optional().meta({
    description: 'A second, plain listener that answers validation files and nothing else; 0 = a free port; unset = none',
  }),
  EVERCERT_HTTP01_HOST: z.string().default('127.0.0.1').meta({ description: 'Address of that listener' }),
  EVERCERT_DNS_SERVERS: list.meta({
    description: 'DNS servers (host:port, comma separated) for validation and probes; unset = the system',
  }),
  EVERCERT_ALLOW_ADDRESSES: list.meta({
    description: 'Private ranges (CIDR, comma separated) that outgoing requests and probes may reach; unset = none',
  }),
  EVERCERT_VALIDATION_HTTP_PORT: port.default(80).meta({ description: 'Port on which the built-in CA fetches validation files' }),
  EVERCERT_VALIDATION_HTTPS_PORT: z
    .union([z.literal('none'), port])
    .default(443)
    .meta({ description: 'The same over HTTPS, tried first; none = do not try' }),
  EVERCERT_VALIDATION_DNS_PORT: port
    .min(1)
    .default(53)
    .meta({ description: 'Port on which the authoritative name servers are asked when a record is checked' }),
  EVERCERT_BUSINESS_CALENDAR: z.enum(['china', 'weekends']).default('china').meta({
    description: 'Days off for estimates: china = announced days off and adjusted working days; weekends = those alone',
  }),
  EVERCERT_BUSINESS_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'is not a known time zone')
    .default('Asia/Shanghai')
    .meta({ description: 'Time zone of business days' }),
  EVERCERT_HOLIDAYS: days.meta({ description: 'Further days off (YYYY-MM-DD, comma separated)' }),
  EVERCERT_WORKING_DAYS: days.meta({ description: 'Weekend days or holidays that are worked (YYYY-MM-DD, comma separated)' }),
  EVERCERT_RENEWAL_WINDOW_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(90)
    .default(30)
    .meta({ description: 'Days before expiry from which a certificate is expiring soon and can be renewed' }),
  EVERCERT_RENEWAL_WINDOW_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'is not a known time zone')
    .optional()
    .meta({ description: 'Count the window in calendar days of this zone; unset = periods of 24 hours' }),
  EVERCERT_PROBE_HOURS: z.coerce
    .number()
    .min(0.1)
    .max(168)
    .default(6)
    .meta({ description: 'Hours between two probes of an endpoint; hourly after a change and near the end of a certificate' }),
  EVERCERT_PROBE_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(512)
    .default(32)
    .meta({ description: 'Endpoints that are probed by schedule at the same time' }),
  EVERCERT_REVOCATION_HOURS: z.coerce.number().min(0).max(168).default(6).meta({
    description: 'Hours between two questions to a CA whether a certificate was revoked (CRL, else OCSP); 0 = none is asked',
  }),
  EVERCERT_DISCOVERY_RANGES: list
    .refine((ranges) => ranges.every((range) => parseRange(range) !== null), 'must be CIDR ranges such as 10.0.0.0/16')
    .meta({ description: 'Ranges (CIDR, comma separated) in which users may look for endpoints; unset = none' }),
  EVERCERT_AUDIT_RETENTION_DAYS: z.coerce.number().int().min(30).max(36_500).optional().meta({
    description:
      'Days after which lines of the audit log are removed, and with them the timelines of certificates of that time; unset = kept for ever',
  }),
  EVERCERT_FRESH_AUTHENTICATION_MINUTES: z.coerce.number().int().min(1).max(720).default(10).meta({
    description: 'Minutes after signing in, or giving password or code again, in which a session may download private keys',
  }),
  EVERCERT_REQUESTS_PER_MINUTE: z.coerce.number().int().min(0).max(10_000_000).default(6000).meta({
    description: 'Requests that a token or a user may make in a minute, of each node; as many at once; 0 = not limited',
  }),
  EVERCERT_ANONYMOUS_REQUESTS_PER_MINUTE: z.coerce.number().int().min(0).max(10_000_000).default(600).meta({
    description:
      'The same for a network address (of IPv6: a /64) without a token or session that is known to be good; 0 = not limited',
  }),
  EVERCERT_RESET_OPERATOR_TOKEN: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'true = make a new operator token at this start; the old one ends' }),
  EVERCERT_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('warn')
    .meta({ description: 'What is logged, as JSON lines on standard error' }),
  EVERCERT_CLOCK_OFFSET_SECONDS: z.coerce
    .number()
    .int()
    .default(0)
    .meta({ description: 'Runs the service on another clock, for demonstrations; never for real use' }),
})

type Environment = Readonly<Record<string, string | undefined>>

export interface Config {
  readonly dataDir: string
  readonly databaseUrl: string | null
  readonly masterKey: string | null
  /** Where it is from, when it was given as a file. */
  readonly masterKeyFile: string | null
  /** The PKCS#11 token that holds the master key; null: none does. */
  readonly masterKeyToken: MasterKeyToken | null
  readonly host: string
  readonly port: number
  readonly publicUrl: string | null
  readonly trustedProxies: readonly AddressRange[]
  /** The service's own pair; null: plain HTTP. */
  readonly tls: PairFiles | null
  readonly loopbackPort: number | null
  readonly proofListener: { readonly host: string; readonly port: number } | null
  readonly dnsServers: readonly string[] | null
  readonly allowAddresses: readonly string[]
  readonly fileValidationPorts: { readonly http: number; readonly https: number | null }
  readonly validationDnsPort: number
  readonly calendar: BusinessCalendar
  readonly renewalPolicy: { readonly windowDays: number; readonly calendar: { readonly timeZone: string } | null }
  readonly probing: {
    readonly intervalMs: number
    readonly concurrency: number
    readonly revocationIntervalMs: number | null
    readonly discoveryRanges: readonly string[]
  }
  /** Null: for ever. */
  readonly auditRetentionDays: number | null
  readonly freshAuthenticationMinutes: number
  /** Null: not limited. */
  readonly requestLimits: { readonly perMinute: number | null; readonly anonymousPerMinute: number | null }
  readonly resetOperatorToken: boolean
  readonly logLevel: string
  readonly clockOffsetMs: number
}

/** Where a chain and its key are, as absolute paths. */
export interface PairFiles {
  readonly certificatePath: string
  readonly keyPath: string
}

export interface MasterKeyToken {
  readonly modulePath: string
  /** Label or serial number. */
  readonly token: string
  readonly keyLabel: string
  readonly pinFile: string
}

/** All that is wrong with the environment, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const SECRETS = ['EVERCERT_DATABASE_URL', 'EVERCERT_MASTER_KEY'] as const

/** @throws ConfigError naming each setting that is wrong or unknown */
export function loadConfig(environment: Environment): Config {
  const given = Object.fromEntries(Object.entries(readSecretFiles(environment)).filter(([, value]) => value !== ''))
  const parsed = configSchema.safeParse(given)
  const unknown = Object.keys(given).filter((name) => /^EVERCERT_[A-Z0-9_]+$/.test(name) && !isKnown(name))
  const problems = [
    ...unknown.map((name) => `${name}: there is no such setting`),
    ...(parsed.success ? conflictsOf(parsed.data) : parsed.error.issues.map((issue) => faultOf(issue, given))),
  ]
  if (!parsed.success || problems.length > 0) throw new ConfigError(`The settings are wrong:\n  ${problems.join('\n  ')}`)
  return Object.freeze({ ...toConfig(parsed.data), masterKeyFile: environment['EVERCERT_MASTER_KEY_FILE'] || null })
}

type Settings = z.infer<typeof configSchema>

function faultOf(issue: z.core.$ZodIssue, given: Environment): string {
  const name = String(issue.path[0]) as keyof Settings
  return describeFault(name, { schema: configSchema.shape[name], given: given[name] ?? '', issue })
}

function conflictsOf(settings: Settings): readonly string[] {
  const { EVERCERT_TLS_CERTIFICATE: certificate, EVERCERT_TLS_KEY: key, EVERCERT_PUBLIC_URL: publicUrl } = settings
  return [
    ...tokenConflictsOf(settings),
    ...((certificate === undefined) === (key === undefined)
      ? []
      : ['EVERCERT_TLS_CERTIFICATE and EVERCERT_TLS_KEY: one without the other']),
    ...(certificate !== undefined && certificate === key ? ['EVERCERT_TLS_KEY: must be another file than the certificate'] : []),
    ...(certificate !== undefined && publicUrl?.startsWith('http:')
      ? ['EVERCERT_PUBLIC_URL: must begin with https:// when EVERCERT_TLS_CERTIFICATE is set']
      : []),
  ]
}

function tokenConflictsOf(settings: Settings): readonly string[] {
  const names = [
    'EVERCERT_MASTER_KEY_PKCS11_MODULE',
    'EVERCERT_MASTER_KEY_PKCS11_TOKEN',
    'EVERCERT_MASTER_KEY_PKCS11_PIN_FILE',
  ] as const
  const missing = names.filter((name) => settings[name] === undefined)
  return missing.length === 0 || missing.length === names.length
    ? []
    : [`${missing.join(' and ')}: missing; a token needs ${names.join(', ')}`]
}

/** Settings of the command, which the service ignores. */
const OF_CLIENTS = new Set([
  'EVERCERT_URL',
  'EVERCERT_TOKEN',
  'EVERCERT_TOKEN_FILE',
  'EVERCERT_LANG',
  'EVERCERT_BACKUP_PASSPHRASE',
])

function isKnown(name: string): boolean {
  return name in configSchema.shape || OF_CLIENTS.has(name) || SECRETS.some((secret) => name === `${secret}_FILE`)
}

function readSecretFiles(environment: Environment): Environment {
  const result: Record<string, string | undefined> = { ...environment }
  for (const name of SECRETS) {
    const file = environment[`${name}_FILE`]
    if (file === undefined || file === '') continue
    if (!existsSync(file)) throw new ConfigError(`The settings are wrong:\n  ${name}_FILE: there is no file ${file}`)
    result[name] = readFileSync(file, 'utf8').trim()
  }
  return result
}

function toConfig(settings: Settings): Omit<Config, 'masterKeyFile'> {
  const https = settings.EVERCERT_VALIDATION_HTTPS_PORT
  const timeZone = settings.EVERCERT_RENEWAL_WINDOW_TIME_ZONE
  const proofPort = settings.EVERCERT_HTTP01_PORT
  return {
    dataDir: settings.EVERCERT_DATA_DIR === undefined ? defaultDataDir() : resolve(settings.EVERCERT_DATA_DIR),
    databaseUrl: settings.EVERCERT_DATABASE_URL ?? null,
    masterKey: settings.EVERCERT_MASTER_KEY ?? null,
    masterKeyToken: tokenOf(settings),
    host: settings.EVERCERT_HOST,
    port: settings.EVERCERT_PORT,
    publicUrl: settings.EVERCERT_PUBLIC_URL?.replace(/\/$/, '') ?? null,
    trustedProxies: settings.EVERCERT_TRUSTED_PROXIES.flatMap((text) => toRange(text) ?? []),
    tls: pairFilesOf(settings),
    loopbackPort: settings.EVERCERT_LOOPBACK_PORT ?? null,
    proofListener: proofPort === undefined ? null : { host: settings.EVERCERT_HTTP01_HOST, port: proofPort },
    dnsServers: settings.EVERCERT_DNS_SERVERS.length === 0 ? null : settings.EVERCERT_DNS_SERVERS,
    allowAddresses: settings.EVERCERT_ALLOW_ADDRESSES,
    fileValidationPorts: { http: settings.EVERCERT_VALIDATION_HTTP_PORT, https: https === 'none' ? null : https },
    validationDnsPort: settings.EVERCERT_VALIDATION_DNS_PORT,
    calendar: {
      region: settings.EVERCERT_BUSINESS_CALENDAR,
      timeZone: settings.EVERCERT_BUSINESS_TIME_ZONE,
      holidays: settings.EVERCERT_HOLIDAYS,
      workingDays: settings.EVERCERT_WORKING_DAYS,
    },
    renewalPolicy: {
      windowDays: settings.EVERCERT_RENEWAL_WINDOW_DAYS,
      calendar: timeZone === undefined ? null : { timeZone },
    },
    probing: probingOf(settings),
    auditRetentionDays: settings.EVERCERT_AUDIT_RETENTION_DAYS ?? null,
    freshAuthenticationMinutes: settings.EVERCERT_FRESH_AUTHENTICATION_MINUTES,
    requestLimits: {
      perMinute: settings.EVERCERT_REQUESTS_PER_MINUTE || null,
      anonymousPerMinute: settings.EVERCERT_ANONYMOUS_REQUESTS_PER_MINUTE || null,
    },
    resetOperatorToken: settings.EVERCERT_RESET_OPERATOR_TOKEN === 'true',
    logLevel: settings.EVERCERT_LOG_LEVEL,
    clockOffsetMs: settings.EVERCERT_CLOCK_OFFSET_SECONDS * 1000,
  }
}

function probingOf(settings: Settings): Config['probing'] {
  const hours = settings.EVERCERT_REVOCATION_HOURS
  return {
    intervalMs: Math.round(settings.EVERCERT_PROBE_HOURS * HOUR_MS),
    concurrency: settings.EVERCERT_PROBE_CONCURRENCY,
    revocationIntervalMs: hours === 0 ? null : Math.round(hours * HOUR_MS),
    discoveryRanges: settings.EVERCERT_DISCOVERY_RANGES,
  }
}

function pairFilesOf(settings: Settings): PairFiles | null {
  const { EVERCERT_TLS_CERTIFICATE: certificatePath, EVERCERT_TLS_KEY: keyPath } = settings
  return certificatePath === undefined || keyPath === undefined ? null : { certificatePath, keyPath }
}

function tokenOf(settings: Settings): MasterKeyToken | null {
  const {
    EVERCERT_MASTER_KEY_PKCS11_MODULE: modulePath,
    EVERCERT_MASTER_KEY_PKCS11_TOKEN: token,
    EVERCERT_MASTER_KEY_PKCS11_KEY: keyLabel,
    EVERCERT_MASTER_KEY_PKCS11_PIN_FILE: pinFile,
  } = settings
  if (modulePath === undefined || token === undefined || pinFile === undefined) return null
  return { modulePath, token, keyLabel, pinFile }
}

/** `$XDG_DATA_HOME/evercert`, by default `~/.local/share/evercert`. */
function defaultDataDir(): string {
  const xdg = process.env['XDG_DATA_HOME']
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.local', 'share'), 'evercert')
}
