/**
 * Asking before something is done that cannot be undone.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { failure, Interrupted } from './failure.ts'
import { pick } from './language.ts'
import type { Session } from './session.ts'

/** What a script can tell apart: nobody agreed, so nothing was done. */
export const EXIT_DECLINED = 130

/**
 * True when the user agrees, now or beforehand by `--yes`.
 *
 * @throws CliFailure `invalid` when there is nobody to ask; Interrupted on Ctrl-C
 */
export async function isConfirmed(
  session: Session,
  { question, yes }: { readonly question: Bilingual; readonly yes: boolean },
): Promise<boolean> {
  if (yes) return true
  if (!session.shell.interactive || session.json) throw nobodyToAsk()
  const { say } = session
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({
    message: pick(question, session.language),
    active: say('Yes', '是'),
    inactive: say('No', '否'),
    initialValue: false,
  })
  if (isCancel(answer)) throw new Interrupted('cancelled')
  return answer
}

function nobodyToAsk(): Error {
  return failure('invalid', 'Asking for confirmation: there is no terminal to ask at: add --yes to agree beforehand.', {
    cause: { en: 'It cannot be undone, and nobody can be asked here.', zh: '该操作无法撤销，而此处无法询问确认。' },
    remedy: { en: 'Add --yes to agree beforehand.', zh: '请加 --yes 以预先确认。' },
  })
}
