/**
 * `evercert download`: a certificate as an archive for one kind of server, packed or unpacked.
 *
 * @module
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import type {
  CertificateDetail,
  CertificateFormat,
  DownloadFormat,
  DownloadOffer,
  DownloadView,
  KeyFormat,
} from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure, wrongUsage } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import { pick } from '../language.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { refuseExisting, writeFiles, type FileToWrite } from '../write-files.ts'

export interface DownloadOptions {
  readonly format: DownloadFormat
  readonly out?: string
  readonly unpack?: boolean
  readonly certificateOnly?: boolean
  readonly force?: boolean
}

const NOTE_NAME = 'README.txt'
/** No file of an archive comes near it; a larger one is not Evercert's. */
const MAX_FILE_BYTES = 1_048_576

/** Prints what it wrote. Nothing is asked for, and no key handed out, when a file would be in the way. */
export async function downloadCommand(session: Session, wanted: string, options: DownloadOptions): Promise<number> {
  const client = await session.client()
  const certificate = await findCertificate(client, wanted)
  const { items } = await client.downloads.list({ id: certificate.id })
  const view = items.find(({ format }) => format === options.format)
  if (view === undefined) throw foreignAnswer('it knows no such format')
  const choice = chooseDownload(view, options.certificateOnly === true)
  const force = options.force === true
  refuseExisting(destinations(view, choice.offer, options), { force })
  const archive = await fetchArchive(client, certificate, view.format, choice.withKey)
  const files = filesOf(new Uint8Array(await archive.arrayBuffer()), view, options)
  await writeFiles(files, { secret: choice.withKey, force })
  const paths = files.map(({ path }) => path)
  session.document({ certificateId: certificate.id, format: view.format, withKey: choice.withKey, files: paths })
  session.print(...report(session, paths, choice))
  return 0
}

interface Choice {
  readonly withKey: boolean
  readonly offer: DownloadOffer
  /** Why there is no key, when it was not left out on request. */
  readonly keyless: DownloadOffer['problem']
}

/**
 * With the key where it is given out; without it where only the key is not, since its owner has it.
 *
 * @throws CliFailure `invalid` when the format makes no sense without a key and none is wanted
 */
export function chooseDownload(view: DownloadView, certificateOnly: boolean): Choice {
  const { withKey, certificateOnly: alone } = view
  if (certificateOnly && alone === null) throw alwaysWithKey(view.format)
  if (alone !== null && (certificateOnly || withKey === null)) return { withKey: false, offer: alone, keyless: null }
  if (withKey?.available === false && alone?.available === true) return { withKey: false, offer: alone, keyless: withKey.problem }
  if (withKey === null) throw foreignAnswer(`it offers ${view.format} in no way`)
  return { withKey: true, offer: withKey, keyless: null } // what is not available is refused by the service, with its reason
}

async function fetchArchive(client: Client, { id }: CertificateDetail, format: DownloadFormat, withKey: boolean): Promise<Blob> {
  const answer: unknown = withKey
    ? await client.downloads.withKey({ id, format: format as KeyFormat })
    : await client.downloads.certificate({ id, format: format as CertificateFormat })
  if (answer instanceof Blob) return answer
  throw foreignAnswer('it is no file')
}

function destinations(view: DownloadView, offer: DownloadOffer, options: DownloadOptions): string[] {
  if (options.unpack !== true) return [zipPath(view, options)]
  return [NOTE_NAME, ...offer.files].map((name) => join(unpackFolder(view, options), safeName(name)))
}

function filesOf(zip: Uint8Array, view: DownloadView, options: DownloadOptions): FileToWrite[] {
  if (options.unpack !== true) return [{ path: zipPath(view, options), bytes: zip }]
  const folder = unpackFolder(view, options)
  return Object.entries(unzip(zip)).map(([name, bytes]) => ({ path: join(folder, safeName(name)), bytes }))
}

function zipPath(view: DownloadView, { out }: DownloadOptions): string {
  const name = safeName(view.archive)
  if (out === undefined) return name
  const isFolder = /[\\/]$/.test(out) || statSync(out, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? join(out, name) : out
}

function unpackFolder(view: DownloadView, { out }: DownloadOptions): string {
  return out ?? safeName(view.archive).replace(/\.zip$/, '')
}

function unzip(zip: Uint8Array): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, {
      filter: ({ name, originalSize }) => {
        if (originalSize > MAX_FILE_BYTES) throw foreignAnswer(`${clean(name)} in it is too large`)
        return true
      },
    })
  } catch (error) {
    if (error instanceof Error && 'problem' in error) throw error
    throw foreignAnswer('it is no archive')
  }
}

/** Whoever answers may not choose where files are written. */
function safeName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) return name
  throw foreignAnswer(`it names a file ${JSON.stringify(clean(name))}`)
}

function report({ paint, say, language }: Session, paths: readonly string[], { withKey, keyless }: Choice): string[] {
  return [
    ...paths.map((path) => `${paint('green', '✔')} ${clean(path)}`),
    ...(withKey ? [say('With the private key: keep it secret.', '包含私钥，请妥善保管。')] : []),
    ...(keyless === null ? [] : [`${say('Without the private key.', '不含私钥。')} ${clean(pick(keyless.text, language))}`]),
  ]
}

function alwaysWithKey(format: DownloadFormat): Error {
  return wrongUsage('invalid', `Downloading without the key: ${format} always holds it: choose nginx, apache, other or root.`, {
    cause: { en: `The format ${format} always holds the private key.`, zh: `格式 ${format} 必须包含私钥。` },
    remedy: { en: 'Choose nginx, apache, other or root.', zh: '请选择 nginx、apache、other 或 root。' },
  })
}

function foreignAnswer(what: string): Error {
  return failure('upstreamUnavailable', {
    en: `Reading the download: ${what}: the answer is not that of an Evercert service.`,
    zh: `读取下载内容：${what}：对方不是 Evercert 服务。`,
  })
}
