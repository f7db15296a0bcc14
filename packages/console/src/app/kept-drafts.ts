/**
 * What this browser keeps of people: forms that were typed and not sent, and renewals that a reload interrupted. Closing it loses nothing; on a machine
 * that others use too, signing out leaves none, what got old is gone when the console is opened, and another person's when somebody else signs in.
 *
 * @module
 */
import type { MeView } from '@evercert/contract'

const PREFIX = 'evercert.draft.'
/** Of the tab. */
export const RENEWALS_PLACE = 'evercert.renewals'
const MAX_AGE_MS = 7 * 86_400_000

/** Of one person in one account: nobody finds what somebody else typed. */
export interface DraftOwner {
  readonly accountId: string
  readonly personId: string
}

/** Nobody goes on with what was confirmed in another account, or by somebody else. */
export interface RenewalsOwner {
  readonly accountId: string | null
  readonly personId: string
}

export function isOf(kept: RenewalsOwner, { accountId, personId }: RenewalsOwner): boolean {
  return kept.accountId === accountId && kept.personId === personId
}

/** Who calls: a user, or who has a token. */
export function personOf(me: MeView | undefined): string {
  return me?.user?.id ?? me?.token?.id ?? ''
}

export function draftPlace({ accountId, personId }: DraftOwner, what: string): string {
  return `${PREFIX}${accountId}.${personId}.${what}`
}

/** At the sign-out. */
export function forgetKept(): void {
  for (const place of draftPlaces()) localStorage.removeItem(place)
  sessionStorage.removeItem(RENEWALS_PLACE)
}

/** When the console is opened: also of people who never come back, since a session ends by itself. */
export function forgetOldDrafts(now: number): void {
  for (const place of draftPlaces()) if (isOld(fieldOf(localStorage, place, 'at'), now)) localStorage.removeItem(place)
}

/** When it is known who is there. */
export function forgetOthers(personId: string): void {
  for (const place of draftPlaces()) if (place.slice(PREFIX.length).split('.')[1] !== personId) localStorage.removeItem(place)
  if (fieldOf(sessionStorage, RENEWALS_PLACE, 'personId') !== personId) sessionStorage.removeItem(RENEWALS_PLACE)
}

function draftPlaces(): string[] {
  return Object.keys(localStorage).filter((place) => place.startsWith(PREFIX))
}

/** What cannot be read is as good as old; so is what was kept later than now, by a clock that was wrong. */
function isOld(at: unknown, now: number): boolean {
  const age = typeof at === 'string' ? now - Date.parse(at) : Number.NaN
  return !(age >= -MAX_AGE_MS && age <= MAX_AGE_MS)
}

/** Browsers keep text that anything may have written. */
function fieldOf(storage: Storage, place: string, field: string): unknown {
  try {
    const kept: unknown = JSON.parse(storage.getItem(place) ?? 'null')
    return typeof kept === 'object' && kept !== null ? Object.entries(kept).find(([name]) => name === field)?.[1] : undefined
  } catch {
    return undefined // not JSON
  }
}
