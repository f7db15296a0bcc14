import type { LookIntervals } from '../../src/services/certificate-events.ts'

/** Who listens hears of a change sooner than elsewhere; nothing else is different. */
export const QUICK_LOOKS: LookIntervals = { certificateMs: 300, listMs: 500 }
