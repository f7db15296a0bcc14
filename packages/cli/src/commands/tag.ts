/**
 * `evercert tag` and `evercert rename`.
 *
 * @module
 */
import { wrongUsage } from '../failure.ts'
import { findExactly } from '../find-certificate.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'

export interface TagOptions {
  readonly add?: string
  readonly remove?: string
}

/** All or none of the certificates. */
export async function tagCommand(session: Session, wanted: readonly string[], options: TagOptions): Promise<number> {
  const change = { add: split(options.add), remove: split(options.remove) }
  if (change.add.length + change.remove.length === 0) throw nothingToDo()
  const client = await session.client()
  const certificates = []
  for (const one of wanted) certificates.push(await findExactly(client, one))
  const ids = certificates.map(({ id }) => id)
  const { changed } = await client.certificates.tagMany({ ids, ...change })
  session.document({ certificateIds: ids, changed })
  const { paint, say } = session
  session.print(
    `${paint('green', '✔')} ${say(`${changed} of ${ids.length} changed`, `共 ${ids.length} 张，已更改 ${changed} 张`)}`,
  )
  return 0
}

function split(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

function nothingToDo(): Error {
  return wrongUsage('invalid', 'Tagging: no tag is named: give --add or --remove.', {
    cause: { en: 'No tag is named.', zh: '未指定标签。' },
    remedy: { en: 'Give --add or --remove.', zh: '请使用 --add 或 --remove。' },
  })
}

export async function renameCommand(session: Session, wanted: string, name: string): Promise<number> {
  const client = await session.client()
  const old = await findExactly(client, wanted)
  const certificate = await client.certificates.rename({ id: old.id, name })
  session.document(certificate)
  session.print(`${session.paint('green', '✔')} ${clean(old.name)} → ${clean(certificate.name)}`)
  return 0
}
