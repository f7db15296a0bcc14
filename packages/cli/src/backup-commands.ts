/**
 * The commands around backups: backup, restore, move-to-postgres.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { backupCommand, moveCommand, restoreCommand, type BackupOptions, type RestoreOptions } from './commands/backup.ts'
import type { Say } from './language.ts'

export function addBackupCommands(program: Command, bind: Bind, say: Say): void {
  const passphraseFile = say(
    'file with the passphrase (or EVERCERT_BACKUP_PASSPHRASE)',
    '存放口令的文件（或设置 EVERCERT_BACKUP_PASSPHRASE）',
  )
  program
    .command('backup')
    .argument('<file>', say('where to', '输出文件'))
    .description(
      say(
        'write everything into one encrypted file while the service runs (age format; operator)',
        '在服务运行时将全部数据写入一个加密文件（age 格式；管理员）',
      ),
    )
    .option('--passphrase-file <file>', passphraseFile)
    .option('--recipient <keys...>', say('age public keys instead of a passphrase', '使用 age 公钥代替口令'))
    .option('--without-key', say('leave the master key out, to keep it elsewhere', '不包含主密钥，由您另行保存'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[string, BackupOptions]>(backupCommand))
  program
    .command('restore')
    .argument('<file>', say('a file of "evercert backup"', '“evercert backup” 生成的文件'))
    .description(
      say(
        'restore a backup into the empty data folder EVERCERT_DATA_DIR, or the empty database EVERCERT_DATABASE_URL',
        '将备份恢复到空的数据目录 EVERCERT_DATA_DIR，或空的数据库 EVERCERT_DATABASE_URL',
      ),
    )
    .option('--check', say('only try it, in a folder that goes away', '仅演练：恢复到临时目录后删除'))
    .option('--passphrase-file <file>', passphraseFile)
    .option('--identity-file <file>', say('age private keys instead of a passphrase', '使用 age 私钥文件代替口令'))
    .action(bind<[string, RestoreOptions]>(restoreCommand))
  program
    .command('move-to-postgres')
    .description(
      say(
        'copy the embedded database of the stopped service into the empty PostgreSQL of EVERCERT_DATABASE_URL, and compare',
        '将已停止服务的内置数据库复制到 EVERCERT_DATABASE_URL 指定的空 PostgreSQL，并逐表比对',
      ),
    )
    .action(bind<[object]>(moveCommand))
}
