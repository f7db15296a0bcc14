/**
 * `evercert csrs`: stored certificate signing requests.
 *
 * @module
 */
import { keyKind, type CsrDetail } from '@evercert/contract'
import { wrongUsage } from '../failure.ts'
import { cleanLines, formatFacts } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { removed } from './contacts.ts'
import { readPem } from './upload.ts'

export const listCsrsCommand = listCommand({
  load: (client) => client.csrs.list(),
  none: ['No CSR.', '没有 CSR。'],
  columns: [
    ['NAME', '名称', ({ name }) => name],
    ['DOMAINS', '域名', ({ domains }) => domains.join(', ')],
    ['KEY', '密钥', ({ algorithm }) => algorithm],
    ['PRIVATE KEY', '私钥', ({ hasKey }, { say }) => (hasKey ? say('here', '已保存') : say('elsewhere', '未保存'))],
    ['USED BY', '用于', ({ usedByCertificateId }) => usedByCertificateId ?? '–'],
    ['ID', '编号', ({ id }) => id],
  ],
  shrink: 1,
})

export interface CsrOptions {
  readonly name: string
  readonly domain?: readonly string[]
  readonly keyKind?: string
  readonly csr?: string
  readonly key?: string
}

/** Uploads the CSR of `--csr`, or has the service make one for the domains. */
export async function addCsrCommand(session: Session, options: CsrOptions): Promise<number> {
  const { name, domain = [], csr, key } = options
  if ((csr === undefined) === (domain.length === 0))
    throw wrongUsage('invalid', {
      en: 'Reading the command line: give either --csr <file>, or --domain <name> for a CSR made here.',
      zh: '读取命令行：请使用 --csr <文件>，或用 --domain <域名> 在此生成 CSR，二者择一。',
    })
  const client = await session.client()
  if (csr === undefined) {
    const kind = keyKind.safeParse(options.keyKind ?? 'p256')
    if (!kind.success)
      throw wrongUsage('invalid', {
        en: `Reading --key-kind: use one of ${keyKind.options.join(', ')}.`,
        zh: `读取 --key-kind：请使用以下之一：${keyKind.options.join('、')}。`,
      })
    return showCsr(session, await client.csrs.create({ name, domains: [...domain], key: kind.data }))
  }
  const csrPem = await readPem('--csr', csr)
  const privateKeyPem = key === undefined ? null : await readPem('--key', key)
  return showCsr(session, await client.csrs.upload({ name, csrPem, privateKeyPem }))
}

export async function attachKeyCommand(session: Session, id: string, { key }: { readonly key: string }): Promise<number> {
  const privateKeyPem = await readPem('--key', key)
  return showCsr(session, await (await session.client()).csrs.attachKey({ id, privateKeyPem }))
}

export async function showCsrCommand(session: Session, id: string): Promise<number> {
  return showCsr(session, await (await session.client()).csrs.get({ id }))
}

function showCsr(session: Session, csr: CsrDetail): number {
  const { say, paint } = session
  session.document(csr)
  session.print(
    ...formatFacts(
      [
        [say('Id', '编号'), csr.id],
        [say('Name', '名称'), csr.name],
        [say('Domains', '域名'), csr.domains.join(', ')],
        [say('Key', '密钥'), csr.algorithm],
        [say('Private key', '私钥'), csr.hasKey ? say('here, encrypted', '已加密保存') : say('elsewhere', '未保存')],
        [say('Used by', '用于'), csr.usedByCertificateId ?? '–'],
      ],
      paint,
    ),
    ...cleanLines(csr.csrPem.trimEnd()),
  )
  return 0
}

export async function removeCsrCommand(session: Session, id: string): Promise<number> {
  return removed(session, await (await session.client()).csrs.remove({ id }))
}
