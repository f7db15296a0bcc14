/**
 * Asking which of several, at a terminal.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { Interrupted } from './failure.ts'
import { pick } from './language.ts'
import type { Session } from './session.ts'

interface Choice<Value extends string> {
  readonly question: Bilingual
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  /** An interruption from outside must not leave the question open, and the terminal raw. */
  readonly signal?: AbortSignal | undefined
}

export function mayAsk({ shell, json }: Session): boolean {
  return shell.interactive && !json
}

/** @throws Interrupted on Ctrl-C */
export async function choose<Value extends string>(
  session: Session,
  { question, options, signal }: Choice<Value>,
): Promise<Value> {
  const { isCancel, select } = await import('@clack/prompts')
  const answer = await select<string>({
    message: pick(question, session.language),
    options: options.map((option) => ({ ...option })),
    ...(signal !== undefined && { signal }),
  })
  if (isCancel(answer)) throw new Interrupted('cancelled')
  const chosen = options.find(({ value }) => value === answer)
  if (chosen === undefined) throw new Interrupted('cancelled')
  return chosen.value
}
