/**
 * The commands that end a certificate before its time: cancel, refund, revoke, delete.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  cancelCommand,
  deleteCommand,
  refundCommand,
  revokeCommand,
  type CancelOptions,
  type EndingOptions,
  type RevokeOptions,
} from './commands/endings.ts'
import { certificateArgument } from './find-certificate.ts'
import type { Say } from './language.ts'

export function addEndingCommands(program: Command, bind: Bind, say: Say): void {
  const ending = (name: string, en: string, zh: string): Command =>
    program
      .command(name)
      .argument('<certificate>', certificateArgument(say))
      .description(say(en, zh))
      .option('-y, --yes', say('do it without asking', '不询问，直接执行'))
  ending(
    'cancel',
    'cancel before issuance; within 7 days the money goes back to the balance',
    '签发前取消；付款 7 天内款项退回余额',
  )
    .option('--without-refund', say('cancel also when the money does not come back', '即使不退款也取消'))
    .action(bind<[string, CancelOptions]>(cancelCommand))
  ending(
    'refund',
    'give the money back: unissued within 7 days, or revoked within them',
    '退款：付款 7 天内未签发，或在此期间已吊销',
  ).action(bind<[string, EndingOptions]>(refundCommand))
  ending('revoke', 'have the CA revoke it; OV and EV await the contact', '向 CA 申请吊销；OV、EV 须联系人确认')
    .option('--reason <reason>', say('such as keyCompromise or superseded', '原因，如 keyCompromise、superseded'))
    .option('--confirm', say("the contact's yes", '联系人确认吊销'))
    .option('--decline', say("the contact's no", '联系人拒绝吊销'))
    .action(bind<[string, RevokeOptions]>(revokeCommand))
  ending(
    'delete',
    'delete what is expired, revoked or uploaded, or was refused, and destroy its stored keys',
    '删除已过期、已吊销、上传或审核失败的证书，并销毁其私钥',
  )
    .option(
      '--without-refund',
      say('delete also when the money of a refused or revoked one does not come back', '即使不退款也删除审核失败或已吊销的证书'),
    )
    .action(bind<[string, CancelOptions]>(deleteCommand))
}
