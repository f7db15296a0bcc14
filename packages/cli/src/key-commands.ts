/**
 * The commands around master keys.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { keysStatusCommand, removeKeyCommand, rotateKeyCommand } from './commands/keys.ts'
import type { Say } from './language.ts'

export function addKeyCommands(program: Command, bind: Bind, say: Say): void {
  const keys = program
    .command('keys')
    .description(
      say('master keys of the installation: status, rotate, remove (operator)', '系统主密钥：查看状态、轮换、移除（管理员）'),
    )
  keys
    .command('status', { isDefault: true })
    .description(say('how many records are under which master key', '各主密钥下的记录数'))
    .action(bind<[object]>(keysStatusCommand))
  keys
    .command('rotate')
    .description(
      say(
        'seal with a new master key, and wrap every record anew while everything works',
        '启用新的主密钥，并在服务运行时重新加密全部记录',
      ),
    )
    .action(bind<[object]>(rotateKeyCommand))
  keys
    .command('remove')
    .argument('<key>', say('id of an earlier master key that no record needs', '已无记录需要的旧主密钥编号'))
    .description(say('remove an earlier master key, for good', '永久移除旧的主密钥'))
    .option('--yes', say('without asking', '无需确认'))
    .action(bind<[string, { yes?: boolean }]>(removeKeyCommand))
}
