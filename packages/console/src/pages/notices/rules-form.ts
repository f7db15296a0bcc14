/**
 * The settings of notices as the fields of their form, and back.
 *
 * @module
 */
import type { NoticeSettingsView } from '@evercert/contract'

export interface RulesValues {
  /** Days, separated by commas. */
  readonly leads: string
  readonly hasQuietHours: boolean
  readonly from?: string
  readonly until?: string
  readonly timeZone: string
  readonly language: 'en' | 'zh'
  readonly recipients?: readonly { readonly name: string; readonly email: string }[]
}

const MAX_LEAD = 90
export const MAX_LEADS = 12

/** Whole days from 90 to 0, largest first, each once; null for anything else, none, or too many. */
export function readLeads(text: string): number[] | null {
  const parts = text.split(/[,，、;；\s]+/).filter((part) => part !== '')
  if (!parts.every((part) => /^\d{1,2}$/.test(part))) return null
  const days = [...new Set(parts.map(Number))].toSorted((one, other) => other - one)
  return days.length === 0 || days.length > MAX_LEADS || days.some((day) => day > MAX_LEAD) ? null : days
}

export function toValues({ leadsDays, quietHours, timeZone, language, recipients }: NoticeSettingsView): RulesValues {
  return {
    leads: leadsDays.join(', '),
    hasQuietHours: quietHours !== null,
    from: quietHours?.from ?? '22:00',
    until: quietHours?.until ?? '08:00',
    timeZone,
    language,
    recipients,
  }
}

export function toSettings(values: RulesValues): NoticeSettingsView {
  const { leads, hasQuietHours, from = '', until = '', timeZone, language, recipients = [] } = values
  return {
    leadsDays: readLeads(leads) ?? [],
    quietHours: hasQuietHours ? { from, until } : null,
    timeZone,
    language,
    recipients: recipients.map(({ name, email }) => ({ name: name.trim(), email: email.trim() })),
  }
}
