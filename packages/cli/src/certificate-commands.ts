/**
 * The commands around the list of certificates: list, forecast, show; export, tag, rename, history; download.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import { downloadFormat, exportFormat } from '@evercert/contract'
import type { Bind } from './applicant-commands.ts'
import { addFilterOptions } from './certificate-filter.ts'
import { downloadCommand, type DownloadOptions } from './commands/download.ts'
import { exportCommand, type ExportOptions } from './commands/export.ts'
import { forecastCommand, type ForecastOptions } from './commands/forecast.ts'
import { historyCommand } from './commands/history.ts'
import { listCommand, type ListOptions } from './commands/list.ts'
import { showCommand } from './commands/show.ts'
import { renameCommand, tagCommand, type TagOptions } from './commands/tag.ts'
import { certificateArgument } from './find-certificate.ts'
import type { Say } from './language.ts'

export function addOverviewCommands(program: Command, bind: Bind, say: Say): void {
  addFilterOptions(program.command('list'), say)
    .description(say('list certificates; a renewal directly under the one it renews', '列出证书；续费的新证书紧跟在旧证书之下'))
    .option('--all', say('every page, not only the first 200', '全部，而不仅是前 200 条'))
    .action(bind<[ListOptions]>(listCommand))
  program
    .command('forecast')
    .description(
      say('renewals of the months to come, as certificates may live less and less', '未来各月的续费数：证书有效期上限逐步缩短'),
    )
    .option('--months <count>', say('1 to 60 (default 36)', '1 到 60（默认 36）'))
    .action(bind<[ForecastOptions]>(forecastCommand))
  program
    .command('show')
    .argument('<certificate>', certificateArgument(say))
    .description(say('show one certificate, its targets and what every address serves', '查看证书、部署目标及各地址的实际证书'))
    .action(bind<[string, object]>(showCommand))
}

/** What works on the list as a whole, and on names and tags. */
export function addListCommands(program: Command, bind: Bind, say: Say): void {
  addFilterOptions(program.command('export'), say)
    .description(
      say(
        'write the filtered list, or the certificates that are named, to a file, or to stdout',
        '将筛选后的列表或指定的证书导出到文件或标准输出',
      ),
    )
    .addOption(
      new Option(
        '--format <format>',
        say(
          'CSV, or NDJSON: one JSON document in each line, with --json too',
          'CSV，或 NDJSON：每行一个 JSON 文档，使用 --json 时亦然',
        ),
      )
        .choices(exportFormat.options)
        .makeOptionMandatory(),
    )
    .option(
      '--ids <ids>',
      say('only these certificates, separated by commas; at most 1000', '仅这些证书的编号，以逗号分隔；最多 1000 个'),
    )
    .option('--out <file>', say('where to; default: stdout', '输出文件；默认标准输出'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[ExportOptions]>(exportCommand))
  program
    .command('tag')
    .argument('<certificates...>', certificateArgument(say))
    .description(say('add tags to certificates and remove tags from them', '为证书添加或移除标签'))
    .option('--add <tags>', say('separated by commas', '以逗号分隔'))
    .option('--remove <tags>', say('separated by commas', '以逗号分隔'))
    .action(bind<[string[], TagOptions]>(tagCommand))
  program
    .command('rename')
    .argument('<certificate>', certificateArgument(say))
    .argument('<name>', say('the new name', '新名称'))
    .description(say('give a certificate another name', '重命名证书'))
    .action(bind<[string, string, object]>(renameCommand))
  program
    .command('history')
    .argument('<certificate>', certificateArgument(say))
    .description(say('show its whole timeline, newest first', '显示证书的完整历史，最新在前'))
    .action(bind<[string, object]>(historyCommand))
}

export function addDownloadCommand(program: Command, bind: Bind, say: Say): void {
  program
    .command('download')
    .argument('<certificate>', certificateArgument(say))
    .description(
      say(
        'download a certificate as an archive for one kind of server, with its key where that is given out',
        '下载适用于某种服务器的证书压缩包；可下载私钥时包含私钥',
      ),
    )
    .addOption(
      new Option('--format <format>', say('for which server', '服务器类型'))
        .choices(downloadFormat.options)
        .makeOptionMandatory(),
    )
    .option('--out <path>', say('zip file, or folder; default: here', 'zip 文件或目录；默认当前目录'))
    .option('--unpack', say('write the files themselves, into a folder', '解压到目录'))
    .option('--certificate-only', say('without the private key', '不含私钥'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[string, DownloadOptions]>(downloadCommand))
}
