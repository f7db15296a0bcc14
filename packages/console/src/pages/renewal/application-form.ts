/**
 * The application as the form holds it, and as it is sent.
 *
 * @module
 */
import type { ApplicationFormView, ApplicationView, HostKey } from '@evercert/contract'

/** How the key comes about. */
export type KeySource = 'system' | 'csr' | 'host'

export interface FormValues {
  /** One name in each line. */
  readonly domains: string
  readonly validationMethod: ApplicationFormView['validationMethod']
  readonly dnsConnectionId: string | null
  /** Missing: no contact is stored, so that there is none to choose. */
  readonly contactId?: string | null
  readonly contact: { readonly name: string; readonly email: string; readonly phone: string }
  readonly companyId: string | null
  readonly superior: { readonly name: string; readonly title: string; readonly phone: string; readonly email: string }
  readonly keySource: KeySource
  readonly key: ApplicationFormView['key']
  readonly csrPem: string
  /** Where the last key was made: offered, and not changed here. */
  readonly hostKey: HostKey | null
}

/** In `contactId`: the fields beside it say who it is. */
export const WRITTEN_HERE = ''

const NOBODY = { name: '', email: '', phone: '' }

export function toValues({ form }: Pick<ApplicationView, 'form'>): FormValues {
  return {
    domains: form.domains.join('\n'),
    validationMethod: form.validationMethod,
    dnsConnectionId: form.dnsConnectionId,
    contactId: form.contactId ?? WRITTEN_HERE,
    contact: form.contact ?? NOBODY,
    companyId: form.companyId,
    superior: form.superior ?? { ...NOBODY, title: '' },
    keySource: form.hostKey !== null ? 'host' : form.csrPem === null ? 'system' : 'csr',
    key: form.key,
    csrPem: form.csrPem ?? '',
    hostKey: form.hostKey,
  }
}

/** Names as people paste them: lines, commas, spaces. */
export function splitDomains(text: string): string[] {
  return [...new Set(text.split(/[\s,;，；、]+/u).filter((name) => name !== ''))]
}

/**
 * @param before what was prefilled: parts that the form does not show stay as they were
 * @param type decides which parts are sent at all
 */
export function toForm(values: FormValues, before: ApplicationView['form'], type: 'DV' | 'OV' | 'EV'): ApplicationFormView {
  const contactId = values.contactId ?? WRITTEN_HERE
  const isWritten = contactId === WRITTEN_HERE
  const isOwnCsr = values.keySource === 'csr'
  return {
    ...before,
    domains: splitDomains(values.domains),
    validationMethod: values.validationMethod,
    dnsConnectionId: values.validationMethod === 'dnsAutomatic' ? values.dnsConnectionId : null,
    contactId: isWritten ? null : contactId,
    contact: isWritten ? values.contact : null,
    companyId: type === 'DV' ? null : values.companyId,
    superior: type === 'EV' ? values.superior : null,
    key: values.key,
    csrPem: isOwnCsr ? values.csrPem : null,
    csrId: values.keySource === 'system' ? before.csrId : null,
    hostKey: values.keySource === 'host' ? before.hostKey : null,
  }
}
