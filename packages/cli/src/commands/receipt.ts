/**
 * `evercert receipt`: shows the signed proof that a certificate is served, and checks one without the service that signed it.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { RECEIPT_KEYS_PATH, RECEIPT_TYPE, receiptClaims, type ReceiptClaims, type ReceiptView } from '@evercert/contract'
import { PkiError, verifyStatement, type PublicJwk } from '@evercert/pki'
import { failure, reasonOf, wrongUsage } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import { formatInstant } from '../format.ts'
import { clean, formatFacts, formatTable } from '../output.ts'
import type { Session } from '../session.ts'
import { writeFiles } from '../write-files.ts'

export interface ShowReceiptOptions {
  readonly jws?: string
  readonly pdf?: string
  readonly force?: boolean
}

const LISTED = 100

export async function listReceiptsCommand(session: Session): Promise<number> {
  const { say, paint, columns } = session
  const page = await (await session.client()).receipts.listAll({ limit: LISTED })
  session.document(page)
  if (page.items.length === 0) {
    session.print(say('No receipt: nothing was proved yet.', '没有更换凭证：尚无证书完成生效验证。'))
    return 0
  }
  const rows = page.items.map(({ id, certificateId, provedAt }) => [
    { text: formatInstant(provedAt) },
    { text: certificateId },
    { text: id, colour: 'dim' as const },
  ])
  session.print(
    ...formatTable([say('PROVED', '证明时间'), say('CERTIFICATE', '证书'), say('ID', '编号')], rows, { paint, columns }),
  )
  if (page.nextCursor !== null) session.print(say(`Only the newest ${LISTED} are shown.`, `仅显示最新 ${LISTED} 条。`))
  return 0
}

/** The newest of a certificate, or the one with this id; `--jws` and `--pdf` write it to files. */
export async function showReceiptCommand(session: Session, wanted: string, options: ShowReceiptOptions): Promise<number> {
  const client = await session.client()
  const receipt = wanted.startsWith('rcp_') ? await client.receipts.get({ id: wanted }) : await newestOf(session, wanted)
  const force = options.force === true
  if (options.jws !== undefined) {
    await writeFiles([{ path: options.jws, bytes: Buffer.from(`${receipt.jws}\n`) }], { secret: false, force })
  }
  if (options.pdf !== undefined) {
    const pdf = await client.receipts.pdf({ id: receipt.id })
    await writeFiles([{ path: options.pdf, bytes: new Uint8Array(await pdf.arrayBuffer()) }], { secret: false, force })
  }
  session.document(receipt)
  session.print(...formatClaims(session, receipt.claims))
  return 0
}

async function newestOf(session: Session, wanted: string): Promise<ReceiptView> {
  const client = await session.client()
  const { id } = await findCertificate(client, wanted)
  const { items } = await client.receipts.list({ id, limit: 1 })
  const [newest] = items
  if (newest !== undefined) return newest
  throw failure(
    'notFound',
    {
      en: `Looking up a receipt of ${id}: there is none: not every endpoint was seen to serve it yet.`,
      zh: `查找 ${id} 的更换凭证：没有，尚未探测到所有站点都在使用该证书。`,
    },
    {
      cause: { en: 'Nothing has been proved for this certificate yet.', zh: '该证书尚未完成生效验证。' },
      remedy: { en: 'Add its endpoints, install it, and verify.', zh: '请添加站点、安装证书并验证。' },
    },
  )
}

export interface VerifyReceiptOptions {
  readonly keys?: string
}

/** RFC 7515 §3.1: three parts in base64url. Whatever is of this form and cannot be verified is a forgery; anything else the wrong file. */
const JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/

function noReceipt(path: string): Error {
  return wrongUsage(
    'invalid',
    `Reading the receipt: ${path} is no signed receipt: give the file that "evercert receipt show --jws" wrote.`,
    {
      title: 'The file is no receipt',
      cause: { en: `${path} is no signed receipt.`, zh: `${path} 不是签名凭证。` },
      remedy: {
        en: 'Give the file that "evercert receipt show <certificate> --jws <file>" wrote.',
        zh: '请指定由 “evercert receipt show <证书> --jws <文件>” 写入的文件。',
      },
    },
  )
}

/** Exit code 1 when it was altered or signed by somebody else. */
export async function verifyReceiptCommand(session: Session, path: string, options: VerifyReceiptOptions): Promise<number> {
  const jws = (await readText('the receipt', path)).trim()
  if (!JWS.test(jws)) throw noReceipt(path)
  const keys = await loadKeys(session, options.keys)
  const claims = check(jws, keys)
  session.document({ valid: true, claims })
  session.print(
    session.paint('green', session.say('✔ The signature is right: nothing was changed', '✔ 签名有效，内容未被修改')),
    ...formatClaims(session, claims),
  )
  return 0
}

function check(jws: string, keys: readonly PublicJwk[]): ReceiptClaims {
  try {
    const claims = receiptClaims.safeParse(verifyStatement(jws, keys, RECEIPT_TYPE))
    if (claims.success) return claims.data
    throw refuse('it is signed, and not of the form of a receipt')
  } catch (error) {
    if (error instanceof PkiError) throw refuse(error.message)
    throw error
  }
}

function refuse(what: string) {
  return failure(
    'invalid',
    { en: `Checking the receipt: ${what}`, zh: `验证凭证：${what}` },
    {
      title: 'The receipt is not valid',
      cause: { en: 'It was altered, or another installation signed it.', zh: '凭证已被修改，或由其他系统签发。' },
      remedy: {
        en: 'Ask for it again, and check it with the keys of the installation that issued it.',
        zh: '请重新获取凭证，并使用签发系统的公钥验证。',
      },
    },
  )
}

export async function readText(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw wrongUsage('invalid', { en: `Reading ${what}: ${path}: ${reasonOf(error)}.`, zh: `读取 ${path}：${reasonOf(error)}。` })
  }
}

/** From a file, or of the service. @throws CliFailure `invalid` */
export async function loadKeys(session: Session, path: string | undefined): Promise<readonly PublicJwk[]> {
  return path === undefined ? fetchKeys(session) : parseKeys(await readText('--keys', path))
}

async function fetchKeys(session: Session): Promise<readonly PublicJwk[]> {
  const { url } = await session.connection()
  const response = await fetch(new URL(RECEIPT_KEYS_PATH, url))
  return parseKeys(await response.text())
}

function parseKeys(text: string): readonly PublicJwk[] {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown }
    if (Array.isArray(keys)) return keys.filter(isKey)
  } catch {
    // told below
  }
  throw wrongUsage('invalid', {
    en: `Reading the keys: this is no JWK set: get it from ${RECEIPT_KEYS_PATH} of the installation.`,
    zh: `读取公钥：不是 JWK 集合，请从签发系统的 ${RECEIPT_KEYS_PATH} 获取。`,
  })
}

function isKey(value: unknown): value is PublicJwk {
  const key = value as Partial<PublicJwk> | null
  return typeof key === 'object' && key !== null && key.kty === 'OKP' && key.crv === 'Ed25519' && typeof key.x === 'string'
}

function formatClaims({ say, paint }: Session, claims: ReceiptClaims): string[] {
  const { certificate, replaces, endpoints, software } = claims
  const facts: [string, string][] = [
    [say('receipt', '凭证'), claims.jti],
    [say('issued by', '签发者'), `${claims.iss} (${software.name} ${software.version})`],
    [say('proved at', '证明时间'), claims.provedAt],
    [say('certificate', '证书'), `${certificate.name}: ${certificate.names.join(', ')}`],
    ['SHA-256', certificate.sha256],
    [say('replaces', '替换'), replaces?.sha256 ?? '–'],
    [say('valid', '有效期'), `${certificate.notBefore} – ${certificate.notAfter}`],
  ]
  const seen = endpoints.flatMap(({ host, port, protocol, addresses }) =>
    addresses.flatMap(({ address, observedAt, certificates }) =>
      certificates.map(
        ({ verdict, sha256, keyKind }) =>
          `  ${paint('green', '✔')} ${clean(`${host}:${port} (${protocol})  ${address}  ${verdict}  ${keyKind} ${sha256.slice(0, 16)}…  ${observedAt}`)}`,
      ),
    ),
  )
  return [...formatFacts(facts, paint), ...seen]
}
