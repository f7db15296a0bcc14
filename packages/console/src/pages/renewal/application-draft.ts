/**
 * An application that is being typed, kept in the browser until it is sent or put away. Of a pasted text that holds a private key nothing is kept.
 *
 * @module
 */
import { applicationForm, hostKey, keyKind } from '@evercert/contract'
import { z } from 'zod'
import { forgetOldDrafts } from '../../app/kept-drafts.ts'
import type { FormValues } from './application-form.ts'

const text = z.string().max(65_536)
/** Browsers keep text that anything may have written. */
const values: z.ZodType<FormValues> = z.object({
  domains: text,
  validationMethod: applicationForm.shape.validationMethod,
  dnsConnectionId: text.nullable(),
  contactId: text.nullable(),
  contact: z.object({ name: text, email: text, phone: text }),
  companyId: text.nullable(),
  superior: z.object({ name: text, title: text, phone: text, email: text }),
  keySource: z.enum(['system', 'csr', 'host']),
  key: keyKind,
  csrPem: text,
  hostKey: hostKey.nullable(),
})
const kept = z.object({ at: z.iso.datetime(), base: z.string(), values })

export interface ApplicationDraft {
  /** When something was typed last: ISO 8601, UTC. */
  readonly at: string
  readonly values: FormValues
}

const hasPrivateKey = (pem: string): boolean => /PRIVATE\s+KEY/i.test(pem)

/** @param base which application it was typed over: of another one it is no draft @returns false: there is no room */
export function keepDraft(place: string, base: string, form: FormValues, at: string): boolean {
  const draft = { at, values: hasPrivateKey(form.csrPem) ? { ...form, csrPem: '' } : form }
  try {
    localStorage.setItem(place, JSON.stringify({ ...draft, base }))
    return true
  } catch {
    return false
  }
}

/** Null: none of this application, or none that can be gone on with. What is too old, or not what was written, is forgotten on the way. */
export function readDraft(place: string, base: string, now: number): ApplicationDraft | null {
  forgetOldDrafts(now)
  const draft = parse(place)
  if (draft === null) localStorage.removeItem(place)
  return draft !== null && draft.base === base ? { at: draft.at, values: draft.values } : null
}

function parse(place: string): z.infer<typeof kept> | null {
  try {
    const parsed = kept.safeParse(JSON.parse(localStorage.getItem(place) ?? 'null'))
    return parsed.success ? parsed.data : null
  } catch {
    return null // not JSON
  }
}
