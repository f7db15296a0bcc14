/**
 * `evercert upload`: a certificate that was bought elsewhere.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { formatCertificate } from './show.ts'

export interface UploadOptions {
  readonly name: string
  readonly cert: string
  readonly key: string
}

/** Prints the stored certificate. The key goes to the service once and is never shown. */
export async function uploadCommand(session: Session, options: UploadOptions): Promise<number> {
  const [certificatePem, privateKeyPem] = await Promise.all([readPem('--cert', options.cert), readPem('--key', options.key)])
  const client = await session.client()
  const certificate = await client.certificates.upload({ name: options.name, certificatePem, privateKeyPem })
  session.document(certificate)
  session.print(...formatCertificate(session, certificate))
  return 0
}

/** @throws CliFailure `invalid` when the file cannot be read */
export async function readPem(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw failure('invalid', `Reading ${option}: ${path} cannot be read (${code}): check the path.`, {
      cause: { en: `The file ${path} cannot be read (${code}).`, zh: `无法读取文件 ${path}（${code}）。` },
      remedy: { en: 'Check the path and the permissions.', zh: '请检查路径和权限。' },
    })
  }
}
