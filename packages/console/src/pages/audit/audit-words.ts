/**
 * Entries of the log in words. What this console does not know yet stands as the service sends it.
 *
 * @module
 */
import type { AuditEntryView } from '@evercert/contract'
import i18n from 'i18next'
import type { Tone } from '../../components/status-mark.tsx'

export const OUTCOME_TONES: Readonly<Record<AuditEntryView['outcome'], Tone>> = {
  done: 'good',
  refused: 'warning',
  failed: 'bad',
  unknown: 'todo',
}

/** Nouns whose changes of state are in the log. */
export const STATE_SUBJECTS = [
  'order',
  'payment',
  'renewal',
  'application',
  'review',
  'certificate',
  'key',
  'deployment',
  'target',
  'endpoint',
  'revocation',
  'management',
  'member',
  'name',
] as const

function wordOf(key: string, raw: string): string {
  return i18n.exists(key) ? String(i18n.t(key as 'audit.groups.auth')) : raw
}

export const groupWord = (group: string): string => wordOf(`audit.groups.${group}`, group)
export const subjectWord = (subject: string): string => wordOf(`history.subjects.${subject}`, subject)

/** `API tokens · made`, `Order · paid`. */
export function whatHappened({ source, action }: Pick<AuditEntryView, 'source' | 'action'>): string {
  const [group = '', ...rest] = action.split('.')
  const verb = rest.join('.')
  if (source === 'history') return [subjectWord(group), stateWord(verb)].join(' · ')
  const name = groupWord(group)
  if (verb === '') return name
  const word = wordOf(`audit.verbs.${verb.replaceAll(/\W/g, '_')}`, verb)
  return `${name} · ${wordOf(`audit.verbsOf.${group}_${verb}`, word)}` // what is done to it has a word of its own on its page
}

/** The states of a member are their roles. */
function stateWord(state: string): string {
  const invitedAs = /^invited as (\w+)$/.exec(state)?.[1]
  if (invitedAs !== undefined) return i18n.t('audit.invitedAs', { role: wordOf(`terms.role.${invitedAs}`, invitedAs) })
  return wordOf(`history.states.${state}`, wordOf(`terms.role.${state}`, state))
}

const PLACES: Readonly<Record<string, string>> = { crt: '/certificates', ord: '/orders', rev: '/reviews' }

/** Where the console shows what an entry is about; null: nowhere of its own. */
export function placeOfSubject(id: string): string | null {
  const place = PLACES[id.split('_')[0] ?? '']
  return place === undefined ? null : `${place}/${encodeURIComponent(id)}`
}
