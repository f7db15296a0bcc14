/**
 * `evercert upload`: a certificate that was bought elsewhere, or all of a folder or archive.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { CommanderError } from 'commander'
import { wrongUsage } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import { openSource } from '../import/source.ts'
import type { Session } from '../session.ts'
import { formatCertificate } from './show.ts'
import { runUpload } from './upload-report.ts'

export interface UploadOptions {
  readonly name?: string
  readonly cert?: string
  readonly key?: string
  /** What it is the successor of. */
  readonly renews?: string
  /** A folder or archive, instead of the four above. */
  readonly from?: string
  readonly dryRun?: boolean
  readonly completeChain?: boolean
}

/** One certificate by name and two files, or everything below `--from`. */
export async function uploadCommand(session: Session, options: UploadOptions): Promise<number> {
  const { name, cert, key, renews, from, dryRun = false, completeChain = false } = options
  const isOfOne = [name, cert, key, renews].some((option) => option !== undefined)
  if (from !== undefined && !isOfOne) return uploadSource(session, from, { dryRun, completeChain })
  if (from !== undefined || dryRun || name === undefined || cert === undefined || key === undefined) throw neitherNor()
  return uploadOne(session, { name, cert, key, renews, completeChain })
}

async function uploadSource(
  session: Session,
  source: string,
  wish: { readonly dryRun: boolean; readonly completeChain: boolean },
): Promise<number> {
  const position = { done: 0, total: 0 }
  return runUpload(session, await openSource(source, position), { source, ...wish, position })
}

/** Wrong usage, like an option that is missing. */
function neitherNor(): Error {
  const detail =
    'give --name, --cert and --key for one certificate (with --renews if you like), or --from (with --dry-run if you like)'
  return new CommanderError(1, 'evercert.uploadOptions', detail)
}

interface OneUpload {
  readonly name: string
  readonly cert: string
  readonly key: string
  readonly renews: string | undefined
  readonly completeChain: boolean
}

/** Prints the stored certificate. The key goes to the service once and is never shown. */
async function uploadOne(session: Session, { name, cert, key, renews, completeChain }: OneUpload): Promise<number> {
  const [certificatePem, privateKeyPem] = await Promise.all([readPem('--cert', cert), readPem('--key', key)])
  const client = await session.client()
  const predecessor = renews === undefined ? {} : { renewsCertificateId: (await findCertificate(client, renews)).id }
  const certificate = await client.certificates.upload({ name, certificatePem, privateKeyPem, completeChain, ...predecessor })
  session.document(certificate)
  session.print(...formatCertificate(session, certificate))
  return 0
}

/** @throws CliFailure `invalid` when the file cannot be read, or is not PEM */
export async function readPem(option: string, path: string): Promise<string> {
  const text = await readText(option, path)
  if (text.includes('-----BEGIN ')) return text
  throw wrongUsage('invalid', `Reading ${option}: ${path} is not PEM: convert it, for instance with openssl x509 -inform der.`, {
    cause: { en: `The file ${path} is not PEM.`, zh: `文件 ${path} 不是 PEM 格式。` },
    remedy: {
      en: 'Convert it: openssl x509 -inform der, or openssl pkcs12 -nodes for a .pfx.',
      zh: '请先转换：openssl x509 -inform der；.pfx 文件使用 openssl pkcs12 -nodes。',
    },
  })
}

/** @throws CliFailure `invalid` when the file cannot be read */
export async function readText(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw wrongUsage('invalid', `Reading ${option}: ${path} cannot be read (${code}): check the path.`, {
      cause: { en: `The file ${path} cannot be read (${code}).`, zh: `无法读取文件 ${path}（${code}）。` },
      remedy: { en: 'Check the path and the permissions.', zh: '请检查路径和权限。' },
    })
  }
}
