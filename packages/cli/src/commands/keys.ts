/**
 * `evercert keys`: where the master keys stand, a new one, and the end of an old one.
 *
 * @module
 */
import { countOf, type MasterKeysView } from '@evercert/contract'
import { EXIT_DECLINED, isConfirmed } from '../confirmation.ts'
import { formatInstant } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import type { Session } from '../session.ts'

export async function keysStatusCommand(session: Session): Promise<number> {
  const view = await (await session.client()).masterKeys.list()
  session.document(view)
  printKeys(session, view)
  return 0
}

export async function rotateKeyCommand(session: Session): Promise<number> {
  const view = await (await session.client()).masterKeys.rotate({})
  session.document(view)
  session.print(
    `${session.paint('green', '✔')} ${session.say(
      `New secrets are sealed with ${view.id}. Records are wrapped anew in the background; everything goes on meanwhile.`,
      `新的机密数据已改用 ${view.id} 加密。现有记录正在后台重新加密，服务不受影响。`,
    )}`,
  )
  printKeys(session, view)
  return 0
}

export async function removeKeyCommand(
  session: Session,
  id: string,
  { yes = false }: { readonly yes?: boolean },
): Promise<number> {
  const client = await session.client()
  const key = (await client.masterKeys.list()).keys.find((each) => each.id === id)
  const question =
    key?.isInToken === true && key.isOurs
      ? {
          en: `Remove master key ${clean(id)} for good? It is destroyed in the token: backups made while it was in use open no more.`,
          zh: `永久移除主密钥 ${clean(id)}？令牌中的密钥将被销毁：在其使用期间的备份再也无法打开。`,
        }
      : {
          en: `Remove master key ${clean(id)} for good? Backups made without their master key while it was in use open with it alone.`,
          zh: `永久移除主密钥 ${clean(id)}？在其使用期间不含主密钥的备份只能用它打开。`,
        }
  if (!(await isConfirmed(session, { question, yes }))) {
    session.print(session.say('Nothing was done.', '未执行任何操作。'))
    session.document({ result: 'declined' })
    return EXIT_DECLINED
  }
  const view = await client.masterKeys.remove({ id })
  session.document(view)
  const { say, paint } = session
  const place = clean(key?.place ?? view.place)
  session.print(
    `${paint('green', '✔')} ${
      (key?.isOurs ?? view.kind !== 'setting')
        ? say(`${id} is removed, from ${place} as well.`, `${id} 已移除，并已从 ${place} 中删除。`)
        : say(`${id} is removed: take it out of ${place}.`, `${id} 已移除：请从 ${place} 中删除。`)
    }`,
  )
  return 0
}

function printKeys(session: Session, view: MasterKeysView): void {
  const { say, paint, columns } = session
  const states = {
    seals: say('seals', '加密中'),
    opens: say('opens', '仅解密'),
    unused: say('not in use yet', '尚未启用'),
  }
  const isMixed = new Set(view.keys.map(({ place }) => place)).size > 1
  const rows = view.keys.map((key) => [
    { text: key.id },
    { text: states[key.state] },
    { text: String(key.records) },
    { text: key.since === null ? '' : formatInstant(key.since) },
    ...(isMixed ? [{ text: clean(key.place ?? say('not on this node', '不在此节点')) }] : []),
  ])
  session.print(
    ...formatTable(
      [
        say('MASTER KEY', '主密钥'),
        say('STATE', '状态'),
        say('RECORDS', '记录数'),
        say('SINCE', '启用时间'),
        ...(isMixed ? [say('WHERE', '位置')] : []),
      ],
      rows,
      {
        paint,
        columns,
        shrink: isMixed ? 4 : 0,
      },
    ),
    say(`In ${clean(view.place)}`, `位于 ${clean(view.place)}`),
    ...(view.kind === 'token'
      ? [say('New keys are made in the token, and never leave it.', '新密钥在令牌中生成，且不会离开令牌。')]
      : []),
    ...view.nodes
      .filter(({ lacks }) => lacks.length > 0)
      .map(({ node, lacks }) =>
        paint('yellow', say(`Node ${clean(node)} lacks ${lacks.join(', ')}`, `节点 ${clean(node)} 缺少 ${lacks.join(', ')}`)),
      ),
    ...view.nodes.flatMap(({ node, awaySince }) =>
      awaySince === null
        ? []
        : [
            paint(
              'red',
              say(
                `The token of node ${clean(node)} has not answered since ${formatInstant(awaySince)}: nothing secret is opened there.`,
                `节点 ${clean(node)} 的令牌自 ${formatInstant(awaySince)} 起没有响应：该节点无法打开机密数据。`,
              ),
            ),
          ],
    ),
    ...(view.remaining > 0
      ? [
          say(
            `${countOf(view.remaining, 'record is', 'records are')} still under earlier keys.`,
            `仍有 ${view.remaining} 条记录使用较早的密钥。`,
          ),
        ]
      : []),
    ...view.removable.map((id) =>
      say(
        `No record needs ${id} any more: evercert keys remove ${id}`,
        `已无记录需要 ${id}，可以移除：evercert keys remove ${id}`,
      ),
    ),
  )
}
