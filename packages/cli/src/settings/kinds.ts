/**
 * `kinds` of the commands that connect something: what there is to connect, and its settings.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from '../applicant-commands.ts'
import type { Say } from '../language.ts'
import { formatTable } from '../output.ts'
import type { Session } from '../session.ts'
import { readFields, type SettingField } from './fields.ts'
import { findKind, type Port } from './read-settings.ts'

export function addKindsCommand(group: Command, bind: Bind, say: Say, port: Port): void {
  group
    .command('kinds')
    .argument('[kind]', say('its settings', '查看其设置项'))
    .description(say('what can be connected, and the settings of a kind', '可用的类型，及某类型的设置项'))
    .action(
      bind<[string | undefined, object]>((session, kind) =>
        kind === undefined ? listKinds(session, port) : showKind(session, port, kind),
      ),
    )
}

async function listKinds(session: Session, port: Port): Promise<number> {
  const { say, paint, columns } = session
  const page = await (await session.client()).adapters[port]()
  session.document(page)
  const rows = page.items.map(({ id, title, apiDocs, isUntried }) => [
    { text: id },
    { text: isUntried === true ? `${title} *` : title },
    { text: apiDocs },
  ])
  const header = [say('KIND', '类型'), say('TITLE', '名称'), say('SPEAKS', '协议')]
  session.print(...formatTable(header, rows, { paint, columns, shrink: 2 }))
  if (page.items.some(({ isUntried }) => isUntried === true)) session.print(`* ${untriedText(session)}`)
  return 0
}

/** The descriptions are the adapter's own, in English. */
async function showKind(session: Session, port: Port, kind: string): Promise<number> {
  const { say, paint, columns } = session
  const adapter = await findKind(session, port, kind)
  session.document(adapter)
  const header = [say('SETTING', '设置项'), say('VALUE', '取值'), say('NEEDED', '必填'), say('DEFAULT', '默认'), '']
  const rows = readFields(adapter.configSchema).map((field) => [
    { text: field.path },
    { text: valueText(session, field) },
    { text: neededText(session, field) },
    { text: field.preset === undefined ? '–' : typeof field.preset === 'string' ? field.preset : JSON.stringify(field.preset) },
    { text: field.description },
  ])
  session.print(...formatTable(header, rows, { paint, columns, shrink: 4 }))
  if (adapter.isUntried === true) session.print(untriedText(session))
  return 0
}

function untriedText({ say }: Session): string {
  return say(
    'Tried against a server that checks requests as the real one does, not yet on a live account.',
    '已通过校验请求的模拟服务测试，尚未在真实账号上试用。',
  )
}

function valueText({ say }: Session, { isSecret, type, options }: SettingField): string {
  if (isSecret) return say('secret: --set-file', '机密：--set-file')
  const texts = {
    text: say('text', '文本'),
    number: say('number', '数字'),
    boolean: 'true, false',
    choice: options.join(', '),
    list: say('list: repeat it', '列表：可重复'),
    json: 'JSON: --config',
  }
  return texts[type]
}

function neededText({ say }: Session, { isRequired, group }: SettingField): string {
  if (!isRequired) return say('no', '否')
  return group === null ? say('yes', '是') : say(`with ${group}`, `使用 ${group} 时`)
}
