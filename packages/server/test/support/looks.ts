import type { LookIntervals } from '../../src/services/context.ts'

/** A change is heard of sooner than elsewhere; nothing else is different. */
export const QUICK_LOOKS: LookIntervals = { certificateMs: 300, listMs: 500, masterKeysMs: 1000 }
