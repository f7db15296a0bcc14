/**
 * Where this browser keeps forms that were typed and not sent: closing it loses nothing. Signing out, on a machine that others use too, leaves none.
 *
 * @module
 */
const PREFIX = 'evercert.draft.'

/** Of one person in one account: nobody finds what somebody else typed. */
export interface DraftOwner {
  readonly accountId: string
  readonly personId: string
}

export function draftPlace({ accountId, personId }: DraftOwner, what: string): string {
  return `${PREFIX}${accountId}.${personId}.${what}`
}

export function draftPlaces(): string[] {
  return Object.keys(localStorage).filter((place) => place.startsWith(PREFIX))
}

export function forgetDrafts(): void {
  for (const place of draftPlaces()) localStorage.removeItem(place)
}
