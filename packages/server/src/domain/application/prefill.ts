/**
 * The application form, and how a renewal fills it from the old certificate (DOMAIN §3.8).
 *
 * @module
 */
import { location, type HostKey, type Location, type Superior } from '@evercert/contract'
import type { SiteKeyKind } from '@evercert/pki/probe'
import { siteKeyKind } from '../endpoint/site-key-kind.ts'
import { AppError } from '../errors.ts'
import type { DomainType } from '../product/specification.ts'
import { commonNameOf, parseDomainName } from './domain-names.ts'

/** The key that the service makes when no CSR is pasted. */
export type KeyKind = 'p256' | 'p384' | 'rsa2048' | 'rsa3072' | 'rsa4096'

export type ApplicationForm = {
  /** Names as in the certificate; the common name first. */
  readonly domains: string[]
  readonly validationMethod: 'dnsAutomatic' | 'dnsManual' | 'file'
  /** For `dnsAutomatic`; null otherwise. */
  readonly dnsConnectionId: string | null
  readonly contact: { readonly name: string; readonly email: string; readonly phone: string } | null
  /** A stored contact; null with one of its own, or none. */
  readonly contactId: string | null
  readonly location: Location | null
  /** OV and EV. */
  readonly companyId: string | null
  /** EV. */
  readonly superior: Superior | null
  /** Ignored with a pasted or stored CSR. */
  readonly key: KeyKind
  /** A pasted CSR, whose key the service never holds; null = the service makes key and CSR. */
  readonly csrPem: string | null
  /** A stored CSR, in place of a pasted one. */
  readonly csrId: string | null
  /** Made by an agent on its host, anew for each application; in place of a CSR. */
  readonly hostKey: HostKey | null
}

/** What is not filled in; also what forms of earlier versions lack. */
export const EMPTY_FORM: ApplicationForm = {
  domains: [],
  validationMethod: 'file',
  dnsConnectionId: null,
  contact: null,
  contactId: null,
  location: null,
  companyId: null,
  superior: null,
  key: 'p256',
  csrPem: null,
  csrId: null,
  hostKey: null,
}

/** What is known of the old certificate. */
export type PrefillSource = {
  /** The last form sent for it; null for an upload. */
  readonly lastApplication: ApplicationForm | null
  /** Where the key of its CSR is; null when that is on no host of an agent. */
  readonly hostKey: HostKey | null
  /** Subject alternative names, as in the certificate. */
  readonly names: readonly string[]
  readonly commonName: string | null
  /** As text (`C=CN, ST=…, L=…, CN=…`); absent when there is no certificate. */
  readonly subject?: string
}

/**
 * The form to start with: the last one, or else the names and the place of the certificate. Always editable, never submitted by this.
 *
 * A fresh key every time: a CSR is never carried over, for its public key was used in another order (DOMAIN §4).
 * Names that no application may have (IP addresses, a company in the common name) are left out.
 *
 * @param domainType what was bought; null when that is not known
 */
export function prefillApplication(old: PrefillSource, domainType: DomainType | null): ApplicationForm {
  const form = old.lastApplication === null ? fromCertificate(old) : withFreshKey(old.lastApplication, old.hostKey)
  return domainType === 'mixed' ? { ...form, domains: plainFirst(form.domains) } : form
}

function fromCertificate(old: PrefillSource): ApplicationForm {
  // The one method that suits every name and needs no connection.
  return { ...EMPTY_FORM, domains: domainsOf(old), location: locationOf(old.subject ?? ''), validationMethod: 'dnsManual' }
}

/** A mixed product wants a name without `*.` first (DOMAIN §4); the others keep their order. */
function plainFirst(domains: readonly string[]): string[] {
  const first = commonNameOf(domains)
  return first === null ? [] : [first, ...domains.filter((name) => name !== first)]
}

/** Where the subject was, when it says so in full; what no form could take is left out. */
function locationOf(subject: string): Location | null {
  const { success, data } = location.safeParse({
    country: attributeOf(subject, 'C'),
    region: attributeOf(subject, 'ST'),
    city: attributeOf(subject, 'L'),
  })
  return success ? data : null
}

/** The first of its kind; `,`, `=` and `\` in it are escaped. */
function attributeOf(subject: string, name: string): string | undefined {
  const attributes = [...subject.matchAll(/([^=,\\]+)=((?:\\.|[^,\\])*)(?:, |$)/gsu)]
  const value = attributes.find(([, type]) => type === name)?.[2]
  return value?.replaceAll(/\\(.)/gsu, '$1')
}

/** The ways of validation that need no person, as far as the installation knows. */
export type AutomaticWays = {
  /** Connections to DNS providers whose zone holds every name. */
  readonly dnsConnectionIds: readonly string[]
  /** The service itself answers validation files. */
  readonly answersFiles: boolean
}

/** Chooses what works by itself when there is exactly one such way; which of several is for a person to say. */
export function withAutomaticMethod(form: ApplicationForm, { dnsConnectionIds, answersFiles }: AutomaticWays): ApplicationForm {
  const mayUseFile = answersFiles && form.domains.length > 0 && !form.domains.some((name) => name.startsWith('*.')) // BR 3.2.2.4.18
  const [dnsConnectionId, ...others] = dnsConnectionIds
  if (dnsConnectionId === undefined) return mayUseFile ? { ...form, validationMethod: 'file' } : form
  return mayUseFile || others.length > 0 ? form : { ...form, validationMethod: 'dnsAutomatic', dnsConnectionId }
}

/**
 * The form again, for another application: with a fresh key, since a public key serves one. What was made on a host is made there again.
 *
 * @param hostKey where the key of the form's CSR is
 */
export function withFreshKey(form: ApplicationForm, hostKey: HostKey | null): ApplicationForm {
  const all = { ...EMPTY_FORM, ...form }
  return { ...all, domains: [...all.domains], csrPem: null, csrId: null, hostKey: all.hostKey ?? hostKey }
}

/** Common name first, then the others in their order, each once. */
function domainsOf({ names, commonName }: PrefillSource): string[] {
  const candidates = commonName === null ? names : [commonName, ...names]
  return [...new Set(candidates.map((raw) => usableName(raw)).filter((name) => name !== null))]
}

function usableName(raw: string): string | null {
  try {
    return parseDomainName(raw).name
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** @param kind that a certificate has to keep; null: any will do. What the form brings itself, a CSR, stays. */
export function withKeyKind<Form extends { readonly key: KeyKind }>(form: Form, kind: SiteKeyKind | null): Form {
  return kind === null || siteKeyKind(form.key) === kind ? form : { ...form, key: kind === 'rsa' ? 'rsa2048' : 'p256' }
}
