/**
 * Asking which of several, at a terminal.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { Interrupted } from './failure.ts'
import { pick } from './language.ts'
import type { SelectQuestion, Session } from './session.ts'

interface Choice<Value extends string> {
  readonly question: Bilingual
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly signal?: AbortSignal | undefined
}

export function mayAsk({ shell, json }: Session): boolean {
  return shell.interactive && !json
}

/** @throws Interrupted on Ctrl-C */
export async function choose<Value extends string>(
  { shell, language }: Session,
  { question, options, signal }: Choice<Value>,
): Promise<Value> {
  const answer = await shell.select({ message: pick(question, language), options, signal })
  const chosen = options.find(({ value }) => value === answer)
  if (chosen === undefined) throw new Interrupted('cancelled')
  return chosen.value
}

/** As a program's shell asks: by the arrow keys. */
export async function selectAtTerminal({ message, options, signal }: SelectQuestion): Promise<string | null> {
  const { isCancel, select } = await import('@clack/prompts')
  const answer = await select<string>({
    message,
    options: options.map((option) => ({ ...option })),
    ...(signal !== undefined && { signal }),
  })
  return isCancel(answer) ? null : answer
}
