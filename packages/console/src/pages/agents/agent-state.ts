/**
 * Whether an agent is there.
 *
 * @module
 */
import type { AgentView } from '@evercert/contract'
import type { Tone } from '../../components/status-mark.tsx'

export type Presence = 'connected' | 'silent' | 'revoked'

/** An agent asks for work at least once a minute; some of that may be lost. */
const SILENT_MS = 5 * 60_000

export const PRESENCE_TONES: Readonly<Record<Presence, Tone>> = { connected: 'good', silent: 'warning', revoked: 'ended' }

export function presenceOf({ state, lastSeenAt }: Pick<AgentView, 'state' | 'lastSeenAt'>, now: number): Presence {
  if (state === 'revoked') return 'revoked'
  return lastSeenAt !== null && now - Date.parse(lastSeenAt) < SILENT_MS ? 'connected' : 'silent'
}
