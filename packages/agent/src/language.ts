/**
 * What the agent says to people, in English or Chinese.
 *
 * @module
 */
export type Say = (en: string, zh: string) => string

/** Chinese where the system speaks it, as with `evercert`. */
export function createSay(env: NodeJS.ProcessEnv): Say {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ''
  return /^zh/i.test(locale) ? (_en, zh) => zh : (en) => en
}

/** A failure that says to people what to do. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
}
