/**
 * The commands that bring a new certificate: renew, upload, import, manage.
 *
 * @module
 */
import type { Command } from 'commander'
import { addValidationOptions, type Bind } from './applicant-commands.ts'
import { addPurchaseOptions } from './catalogue-commands.ts'
import { importCommand, type ImportOptions } from './commands/import.ts'
import { manageCommand, type ManageOptions } from './commands/manage.ts'
import { renewCommand, type RenewOptions } from './commands/renew.ts'
import { uploadCommand, type UploadOptions } from './commands/upload.ts'
import { certificateArgument } from './find-certificate.ts'
import { ESTATES } from './import/index.ts'
import type { Say } from './language.ts'

export function addRenewalCommands(program: Command, bind: Bind, say: Say, env: NodeJS.ProcessEnv): void {
  addValidationOptions(addPurchaseOptions(program.command('renew'), say), say)
    .argument('<certificate>', certificateArgument(say))
    .description(
      say(
        'renew and wait until every address serves the new certificate; run it again to go on after an interruption (exit codes: 0 served, 1 failed, 2 never renewed and not due, 130 interrupted)',
        '续费并等待每个地址都使用新证书；中断后再次运行即可继续（退出码：0 已生效，1 失败，2 从未续费且未到续费时间，130 已中断）',
      ),
    )
    .option('--quote', say('only show what it costs, and what a change loses', '仅显示价格及更改的影响'))
    .option('-y, --yes', say('buy without asking', '不询问，直接购买'))
    .option(
      '--product <id>',
      say('another product (may lose the top-up), or that of an upload', '更换产品（可能失去补齐天数），或为上传的证书指定产品'),
    )
    .option('--term <years>', say('years to buy', '购买年限'))
    .option('--timeout <seconds>', say('give up waiting after so long; the renewal goes on', '最长等待秒数；续费会继续进行'))
    .action(bind<[string, RenewOptions]>(renewCommand))
  program
    .command('upload')
    .description(
      say(
        'upload a certificate bought elsewhere, or with --from all of a folder or archive (exit codes: 0 all kept, 1 something was refused or left out)',
        '上传在别处购买的证书；使用 --from 上传文件夹或压缩包中的全部证书（退出码：0 全部保存，1 有被拒绝或未处理的证书）',
      ),
    )
    .option('--name <name>', say('name in the list', '列表中的名称'))
    .option('--cert <file>', say('PEM: leaf first, then intermediates', 'PEM：叶证书在前，随后为中间证书'))
    .option('--key <file>', say('PEM without passphrase', 'PEM，无密码'))
    .option(
      '--renews <certificate>',
      say(
        'the uploaded certificate that it is the successor of (id, name or domain): it stands under that one, which is not to be renewed any more',
        '所接替的已上传证书（编号、名称或域名）：列在该证书之下，该证书不再需要续费',
      ),
    )
    .option(
      '--complete-chain',
      say(
        'the service fetches intermediates that are missing from where the certificate says',
        '由服务按证书中的地址（AIA）获取缺少的中间证书',
      ),
    )
    .option(
      '--from <path>',
      say(
        'a folder, .zip, .tar.gz or .tar: keys are found by their public key',
        '文件夹或 .zip、.tar.gz、.tar 压缩包：按公钥自动配对私钥',
      ),
    )
    .option('--dry-run', dryRunText(say))
    .action(bind<[UploadOptions]>(uploadCommand))
  addImportCommands(program, bind, say, env)
}

function addImportCommands(program: Command, bind: Bind, say: Say, env: NodeJS.ProcessEnv): void {
  const group = program
    .command('import')
    .description(say('take over the certificates that another tool keeps here', '导入其他工具在本机管理的证书'))
  for (const estate of ESTATES) {
    group
      .command(estate.id)
      .description(say(`import certificates and keys of ${estate.id}`, `导入 ${estate.id} 的证书与私钥`))
      .option(
        `--${estate.option} <folder>`,
        say(`its folder (default ${estate.defaultFolder(env)})`, `其目录（默认 ${estate.defaultFolder(env)}）`),
      )
      .option('--dry-run', dryRunText(say))
      .action(bind<[ImportOptions]>((session, options) => importCommand(session, estate, options)))
  }
}

function dryRunText(say: Say): string {
  return say('check everything, store nothing', '只检查，不保存')
}

export function addManageCommand(program: Command, bind: Bind, say: Say): void {
  program
    .command('manage')
    .argument('<certificate>', certificateArgument(say))
    .description(say('let it renew by itself, within a limit for each renewal', '开启托管：自动续费，单次不超过消费上限'))
    .option(
      '--limit <amount>',
      say(
        'the most that one renewal may cost, such as "100 CNY"; 0: free ones only',
        '单次续费上限，如 "100 CNY"；0 表示仅限免费',
      ),
    )
    .option('--stop', say('renew it by hand again', '关闭托管，改为人工续费'))
    .action(bind<[string, ManageOptions]>(manageCommand))
}
