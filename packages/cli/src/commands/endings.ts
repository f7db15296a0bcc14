/**
 * `evercert cancel`, `refund`, `revoke` and `delete`: how a certificate ends before its time.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  revocationReason,
  type Bilingual,
  type CertificateDetail,
  type EndingView,
  type RevocationReasonView,
  type RevocationView,
} from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { EXIT_DECLINED, isConfirmed } from '../confirmation.ts'
import { wrongUsage } from '../failure.ts'
import { findExactly } from '../find-certificate.ts'
import { formatInstant, formatMoney } from '../format.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'

export interface EndingOptions {
  readonly yes?: boolean
}

export interface CancelOptions extends EndingOptions {
  readonly withoutRefund?: boolean
}

export interface RevokeOptions extends EndingOptions {
  readonly reason?: string
  readonly confirm?: boolean
  readonly decline?: boolean
}

/** Each with a key of its own: the operation itself is done once, however often it is asked for. */
const once = () => ({ context: { idempotencyKey: randomUUID() } })

const named = ({ name, id }: CertificateDetail): string => (name === id ? id : `${clean(name)} (${id})`)

/** Finds the certificate, asks, and acts. */
async function act(
  session: Session,
  wanted: string,
  ask: { readonly yes: boolean; readonly question: (name: string, certificate: CertificateDetail) => Bilingual },
  run: (client: Client, certificate: CertificateDetail) => Promise<number>,
): Promise<number> {
  const client = await session.client()
  const certificate = await findExactly(client, wanted)
  const question = ask.question(named(certificate), certificate)
  if (await isConfirmed(session, { question, yes: ask.yes })) return run(client, certificate)
  session.print(session.say('Nothing was done.', '未执行任何操作。'))
  session.document({ result: 'declined' })
  return EXIT_DECLINED
}

/** Said before: ending a managed renewal does not end the managing. */
function backToOld({ managed, renewsCertificateId, sha256 }: CertificateDetail): Bilingual {
  if (!managed || renewsCertificateId === null || sha256 !== null) return { en: '', zh: '' }
  return {
    en: ` The old certificate ${renewsCertificateId} is managed again, and renews by itself a day later at the earliest.`,
    zh: ` 旧证书 ${renewsCertificateId} 将恢复托管，最早一天后自动续费。`,
  }
}

export function cancelCommand(session: Session, wanted: string, options: CancelOptions): Promise<number> {
  const withoutRefund = options.withoutRefund === true
  const question = (name: string, certificate: CertificateDetail): Bilingual => ({
    en: `Cancel ${name}${withoutRefund ? ', also if the money does not come back' : ''}?${backToOld(certificate).en}`,
    zh: `取消 ${name}${withoutRefund ? '（即使不退款）' : ''}？${backToOld(certificate).zh}`,
  })
  return act(session, wanted, { yes: options.yes === true, question }, async (client, { id }) =>
    reportEnding(session, await client.certificates.cancel({ id, withoutRefund }, once())),
  )
}

export function refundCommand(session: Session, wanted: string, options: EndingOptions): Promise<number> {
  const question = (name: string, certificate: CertificateDetail): Bilingual => ({
    en: `Refund ${name}? It ends with that.${backToOld(certificate).en}`,
    zh: `为 ${name} 退款？该证书将随之结束。${backToOld(certificate).zh}`,
  })
  return act(session, wanted, { yes: options.yes === true, question }, async (client, { id }) =>
    reportEnding(session, await client.certificates.refund({ id }, once())),
  )
}

/** @param answer the operation's own, for `--json` */
function reportEnding(session: Session, ending: EndingView, answer: object = ending): number {
  const { say, paint } = session
  const { certificateId: id, status, refund, oldCertificateId, oldActsAt } = ending
  const money = refund === null ? null : formatMoney(refund)
  session.document(answer)
  session.print(
    `${paint('green', '✔')} ${status === 'cancelled' ? say(`Cancelled: ${id}`, `已取消：${id}`) : say(`Refunded: ${id}`, `已退款：${id}`)}`,
    money === null
      ? say('  Nothing went back to the balance.', '  未退款。')
      : say(`  ${money} went back to the balance.`, `  ${money} 已退回余额。`),
    ...(oldCertificateId === null
      ? []
      : [say(`  ${oldCertificateId} can be renewed again.`, `  ${oldCertificateId} 可重新续费。`)]),
    ...(oldCertificateId === null || oldActsAt === null
      ? []
      : [
          say(
            `  It is managed again, and renews by itself from ${formatInstant(oldActsAt)}. To keep it from that: evercert manage ${oldCertificateId} --stop`,
            `  该证书恢复托管，将于 ${formatInstant(oldActsAt)} 起自动续费。如不需要：evercert manage ${oldCertificateId} --stop`,
          ),
        ]),
  )
  return 0
}

export function deleteCommand(session: Session, wanted: string, options: CancelOptions): Promise<number> {
  const withoutRefund = options.withoutRefund === true
  const question = (name: string, certificate: CertificateDetail): Bilingual => {
    const money =
      certificate.status !== 'reviewFailed'
        ? { en: '', zh: '' }
        : withoutRefund
          ? { en: ' Its order ends, also if the money does not come back.', zh: ' 其订单随之结束（即使不退款）。' }
          : { en: ' Its order ends, and the money goes back to the balance.', zh: ' 其订单随之结束，款项退回余额。' }
    const lost =
      certificate.status === 'revoked' && withoutRefund
        ? { en: ' Its money does not come back any more.', zh: ' 之后不能再退款。' }
        : money
    const old = money.en === '' ? money : backToOld(certificate)
    return {
      en: `Delete ${name}, and destroy its stored keys for good?${lost.en}${old.en}`,
      zh: `删除 ${name} 并永久销毁其私钥？${lost.zh}${old.zh}`,
    }
  }
  return act(session, wanted, { yes: options.yes === true, question }, async (client, { id }) => {
    const deleted = await client.certificates.remove({ id, withoutRefund })
    if (deleted.ending !== null) return reportEnding(session, deleted.ending, deleted)
    session.document(deleted)
    session.print(`${session.paint('green', '✔')} ${session.say(`Deleted: ${id}`, `已删除：${id}`)}`)
    return 0
  })
}

export function revokeCommand(session: Session, wanted: string, options: RevokeOptions): Promise<number> {
  const reason = parseReason(options.reason ?? 'unspecified')
  if (options.confirm === true && options.decline === true) throw oneAnswer()
  const yes = options.yes === true
  if (options.decline === true) {
    const question = (name: string): Bilingual => ({ en: `Decline the revocation of ${name}?`, zh: `拒绝吊销 ${name}？` })
    return act(session, wanted, { yes, question }, async (client, { id }) =>
      reportRevocation(session, await client.certificates.declineRevocation({ id })),
    )
  }
  const question = (name: string): Bilingual => ({
    en: `Revoke ${name} (${reason})? Clients will refuse it wherever it is installed.`,
    zh: `吊销 ${name}（${reason}）？所有已安装该证书的站点都将被客户端拒绝。`,
  })
  return act(session, wanted, { yes, question }, async (client, { id }) => {
    if (options.confirm === true) await client.certificates.confirmRevocation({ id })
    else await client.certificates.revoke({ id, reason })
    return reportRevocation(session, await waitForCa(client, id))
  })
}

/** @throws CliFailure `invalid` */
function parseReason(text: string): RevocationReasonView {
  const parsed = revocationReason.safeParse(text)
  if (parsed.success) return parsed.data
  const known = revocationReason.options.join(', ')
  throw wrongUsage(
    'invalid',
    { en: `Reading --reason: "${text}" is none of ${known}.`, zh: `读取 --reason：没有 “${text}”。` },
    {
      cause: { en: 'There is no such reason for a revocation.', zh: '没有这种吊销原因。' },
      remedy: { en: `Give one of ${known}.`, zh: `请使用以下之一：${known}。` },
    },
  )
}

function oneAnswer(): Error {
  return wrongUsage('invalid', 'Reading the command line: --confirm and --decline exclude each other.', {
    cause: { en: 'Two answers were given.', zh: '同时给出了两个相反的选项。' },
    remedy: { en: 'Give one of them.', zh: '请只使用其中一个。' },
  })
}

const POLL_MS = 250
/** Most CAs answer at once; afterwards the service goes on asking by itself. */
const PATIENCE_MS = 20_000

async function waitForCa(client: Client, id: string): Promise<RevocationView> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const revocation = await client.certificates.revocation({ id })
    if (revocation.state !== 'confirmed' || waitedMs >= PATIENCE_MS) return revocation
    await sleep(POLL_MS)
  }
}

/** 0 unless the CA refused: also while somebody or the CA has still to answer, which `show` tells. */
function reportRevocation(session: Session, revocation: RevocationView): number {
  const { say, paint } = session
  const { certificateId: id, state, problem } = revocation
  const texts: Readonly<Record<RevocationView['state'], string>> = {
    awaitingConfirmation: say(
      `${id} awaits the contact: evercert revoke ${id} --confirm, or --decline`,
      `${id} 等待联系人确认：evercert revoke ${id} --confirm 或 --decline`,
    ),
    confirmed: say(`The CA has not answered yet; it is asked again by itself: ${id}`, `CA 尚未答复，系统会自动重试：${id}`),
    revoked: say(`Revoked: ${id}`, `已吊销：${id}`),
    declined: say(`The revocation is declined: ${id} stays valid`, `已拒绝吊销：${id} 继续有效`),
    refused: say(`The CA refused: ${id} is not revoked`, `CA 拒绝吊销：${id} 未被吊销`),
  }
  const isDone = state === 'revoked' || state === 'declined'
  session.document(revocation)
  session.print(
    `${isDone ? paint('green', '✔') : paint('yellow', '■')} ${texts[state]}`,
    ...(problem === null ? [] : [`  ${clean(problem)}`]),
  )
  return state === 'refused' ? 1 : 0
}
