/**
 * `evercert audit`: looks through the log, checks it with or without the service, and takes it elsewhere.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import type { AuditEntryView, AuditOutcome } from '@evercert/contract'
import { openAuditExport } from '@evercert/contract/client'
import {
  PkiError,
  readAuditCheckpoint,
  readAuditLines,
  verifyAuditChain,
  type AuditCheckpoint,
  type AuditFault,
} from '@evercert/pki'
import { failure, reasonOf, wrongUsage } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { pick, type Language } from '../language.ts'
import { clean, formatFacts, formatTable, type Colour } from '../output.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'
import { refuseExisting, writeFiles, writeStream } from '../write-files.ts'

import { loadKeys, readText } from './receipt.ts'

export interface ListAuditOptions {
  readonly from?: string
  readonly to?: string
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
  readonly outcome?: AuditOutcome
  readonly installation?: boolean
  readonly all?: boolean
}

const PAGE_SIZE = 200

export async function listAuditCommand(session: Session, options: ListAuditOptions): Promise<number> {
  const client = await session.client()
  const { from, to, actor, action, subject, outcome } = options
  const query = {
    limit: PAGE_SIZE,
    installation: options.installation === true,
    ...(from !== undefined && { from: toInstant('--from', from) }),
    ...(to !== undefined && { to: toInstant('--to', to) }),
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(subject !== undefined && { subjectId: subject }),
    ...(outcome !== undefined && { outcome }),
  }
  const items: AuditEntryView[] = []
  let cursor: string | null = null
  do {
    const page: { items: AuditEntryView[]; nextCursor: string | null } = await client.audit.list({
      ...query,
      ...(cursor !== null && { cursor }),
    })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && options.all === true)
  const { say } = session
  session.document({ items, nextCursor: cursor })
  session.print(...(items.length === 0 ? [say('Nothing.', '没有记录。')] : formatEntries(session, items)))
  if (cursor !== null)
    session.print(
      say(`Only the newest ${PAGE_SIZE} are shown: --all shows the rest.`, `仅显示最新 ${PAGE_SIZE} 条，--all 显示全部。`),
    )
  return 0
}

function toInstant(option: string, text: string): string {
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return new Date(at).toISOString()
  throw wrongUsage('invalid', {
    en: `Reading ${option}: "${text}" is no time: give a day such as 2026-12-05, or ISO 8601.`,
    zh: `读取 ${option}：“${text}” 不是时间，请填写日期（如 2026-12-05）或 ISO 8601 时间。`,
  })
}

const COLOURS: Readonly<Partial<Record<AuditOutcome, Colour>>> = { refused: 'red', failed: 'yellow', unknown: 'yellow' }

function formatEntries({ say, paint, columns, language }: Session, entries: readonly AuditEntryView[]): string[] {
  const header = [
    say('AT', '时间'),
    say('WHO', '操作者'),
    say('FROM', '来源地址'),
    say('WHAT', '操作'),
    say('OF', '对象'),
    say('OUTCOME', '结果'),
  ]
  const rows = entries.map((entry) => [
    { text: formatInstant(entry.at) },
    { text: entry.actor },
    { text: entry.address ?? '–' },
    { text: entry.action },
    { text: entry.subjectId ?? '–' },
    { text: outcomeText(entry, language), colour: COLOURS[entry.outcome] },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 1 })
}

function outcomeText({ outcome, details }: AuditEntryView, language: Language): string {
  const { code, count } = details
  return [
    wordFor('outcome', outcome, language),
    typeof code === 'string' ? ` (${code})` : '',
    typeof count === 'number' ? ` ×${count}` : '',
  ].join('')
}

export interface VerifyAuditOptions {
  readonly file?: string
  readonly checkpoint?: string
  readonly keys?: string
}

/** What is printed of a verification, whoever made it. */
interface Verified {
  readonly fault: AuditFault | null
  /** Position after which the lines begin. */
  readonly from: number
  readonly position: number
  readonly records: number
  readonly hidden: number
  /** Waiting for the next checkpoint; only the service knows. */
  readonly unsealed?: number
  readonly retentionAt: number | null
  readonly keptTooOld: boolean
}

/** Exit code 1: something is wrong, and it says what and where. */
export async function verifyAuditCommand(session: Session, options: VerifyAuditOptions): Promise<number> {
  const kept = options.checkpoint === undefined ? null : parseKept(await readText('--checkpoint', options.checkpoint))
  const verified =
    options.file === undefined
      ? await verifyOnline(session, kept)
      : await verifyFile(session, options.file, { kept, keys: options.keys })
  session.document({ valid: verified.fault === null, ...verified })
  session.print(...formatVerified(session, verified, kept !== null))
  return verified.fault === null ? 0 : 1
}

async function verifyOnline(session: Session, checkpoint: string | null): Promise<Verified> {
  const report = await (await session.client()).audit.verify({ checkpoint })
  return { ...report, hidden: 0 }
}

async function verifyFile(
  session: Session,
  path: string,
  { kept, keys: keysPath }: { readonly kept: string | null; readonly keys: string | undefined },
): Promise<Verified> {
  await access(path).catch((error: unknown) => {
    throw wrongUsage('invalid', {
      en: `Reading the log: ${path}: ${reasonOf(error)}.`,
      zh: `读取日志 ${path}：${reasonOf(error)}。`,
    })
  })
  const keys = await loadKeys(session, keysPath)
  const trust = { keys, kept: kept === null ? null : readKept(kept, keys) }
  const report = await verifyAuditChain(readAuditLines(createReadStream(path)), trust)
  const { fault, from, checkpoint, records, hidden, retentionAt, keptTooOld } = report
  return { fault, from: from?.position ?? 0, position: checkpoint?.position ?? 0, records, hidden, retentionAt, keptTooOld }
}

/** As `evercert audit checkpoint` writes it, or the bare JWS. */
function parseKept(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('{')) return trimmed
  try {
    const { jws } = JSON.parse(trimmed) as { jws?: unknown }
    if (typeof jws === 'string') return jws
  } catch {
    // told below
  }
  throw wrongUsage('invalid', {
    en: 'Reading --checkpoint: it is not what "evercert audit checkpoint --out" writes.',
    zh: '读取 --checkpoint：不是 “evercert audit checkpoint --out” 写入的内容。',
  })
}

function readKept(jws: string, keys: Parameters<typeof readAuditCheckpoint>[1]): AuditCheckpoint {
  try {
    return readAuditCheckpoint(jws, keys)
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw failure(
      'invalid',
      { en: `Reading --checkpoint: ${error.message}`, zh: `读取 --checkpoint：${error.message}` },
      {
        title: 'The kept checkpoint is not valid',
        cause: { en: 'It was altered, or another installation signed it.', zh: '检查点已被修改，或由其他系统签发。' },
        remedy: { en: 'Use the keys of the installation that signed it.', zh: '请使用签发系统的公钥。' },
      },
    )
  }
}

function formatVerified(session: Session, verified: Verified, hasKept: boolean): string[] {
  const { say, paint } = session
  const { fault, from, position, records, hidden, unsealed = 0, retentionAt, keptTooOld } = verified
  const facts: [string, string][] = [
    [
      say('lines', '记录'),
      hidden === 0 ? String(records) : say(`${records}, and ${hidden} of others`, `${records}，另有 ${hidden} 条属于其他账号`),
    ],
    [say('signed up to', '已签名至'), String(position)],
    ...(unsealed === 0 ? [] : [[say('not signed yet', '尚未签名'), String(unsealed)] as [string, string]]),
    ...(from === 0 ? [] : [[say('begins after', '起始于'), beginningText(session, from, retentionAt)] as [string, string]]),
  ]
  const notes = [
    ...(keptTooOld
      ? [
          say(
            'The kept checkpoint is older than these lines: nothing can be said by it.',
            '保存的检查点早于这些记录，无法据此判断。',
          ),
        ]
      : []),
    ...(hasKept || fault !== null
      ? []
      : [
          say(
            'Without a kept checkpoint, newest lines that were cut off are not noticed.',
            '未提供另行保存的检查点，无法发现末尾被截断的记录。',
          ),
        ]),
  ]
  const verdict =
    fault === null
      ? paint('green', say('✔ Nothing was altered, removed or inserted', '✔ 没有记录被篡改、删除或插入'))
      : paint('red', `✖ ${clean(pick(faultText(fault), session.language))}`)
  return [verdict, ...formatFacts(facts, paint), ...notes]
}

function beginningText({ say }: Session, from: number, retentionAt: number | null): string {
  if (retentionAt === null) return say(`${from} (no line here says why)`, `${from}（此处没有记录说明原因）`)
  return say(`${from}, by retention: line ${retentionAt} says so`, `${from}，依保留期限清理：见第 ${retentionAt} 条`)
}

function faultText({ kind, position, through, line, expected, found }: AuditFault) {
  const en = position === through ? `line ${position}` : `lines ${position} to ${through}`
  const zh = position === through ? `第 ${position} 条记录` : `第 ${position} 至 ${through} 条记录`
  const texts: Readonly<Record<AuditFault['kind'], { en: string; zh: string }>> = {
    altered: { en: `Altered: ${en}`, zh: `${zh}被篡改` },
    removed: { en: `Removed: ${en}`, zh: `${zh}被删除` },
    inserted: { en: `Inserted: ${en}`, zh: `${zh}是插入的` },
    reordered: { en: `In another order: ${en}`, zh: `${zh}的顺序被改变` },
    checkpointForged: {
      en: `The checkpoint after line ${position} is not signed by this installation`,
      zh: `第 ${position} 条记录后的检查点不是本系统签名的`,
    },
    checkpointRemoved: { en: `The checkpoint of ${en} is missing`, zh: `${zh}的检查点缺失` },
    rewritten: {
      en: `Rewritten: somewhere in ${en}; their hashes are not those that were signed`,
      zh: `${zh}中有内容被重写，其哈希与签名的检查点不符`,
    },
    cutOff: { en: `Cut off: ${en} were there when the checkpoint was signed`, zh: `末尾被截断：签署检查点时${zh}存在` },
    keptUnreadable: {
      en: 'The checkpoint that the service keeps in its data folder cannot be read, which a power cut may have done: verify with one of yours, then remove audit.checkpoint there',
      zh: '服务数据目录中保存的检查点无法读取（可能因断电所致）：请用您自己保存的检查点校验，然后删除该目录中的 audit.checkpoint',
    },
  }
  const place =
    line === null
      ? { en: '', zh: '' }
      : { en: ` (noticed at line ${line} of what was read)`, zh: `（在读取的第 ${line} 行发现）` }
  const hashes = expected === null && found === null ? '' : `; ${expected ?? '–'} ≠ ${found ?? '–'}`
  return { en: `${texts[kind].en}${place.en}${hashes}`, zh: `${texts[kind].zh}${place.zh}${hashes}` }
}

export interface ExportAuditOptions {
  readonly out: string
  readonly force?: boolean
  readonly after?: string
  readonly installation?: boolean
}

export async function exportAuditCommand(session: Session, options: ExportAuditOptions): Promise<number> {
  const { out, after = '0', installation = false } = options
  const force = options.force === true
  if (!/^\d{1,15}$/.test(after))
    throw wrongUsage('invalid', {
      en: `Reading --after: "${after}" is no position: give a whole number.`,
      zh: `读取 --after：“${after}” 不是位置，请填写整数。`,
    })
  refuseExisting([out], { force })
  const body = await openAuditExport(await session.connection(), { after: Number(after), installation })
  const bytes = await writeStream(out, body, force)
  session.document({ file: out, bytes })
  session.print(`${session.paint('green', '✔')} ${clean(out)}`)
  return 0
}

export interface CheckpointOptions {
  readonly out?: string
  readonly force?: boolean
}

export async function checkpointCommand(session: Session, { out, force }: CheckpointOptions): Promise<number> {
  const [newest] = (await (await session.client()).audit.checkpoints({ limit: 1 })).items
  if (newest === undefined)
    throw failure('notFound', 'Looking up the newest checkpoint: there is none yet: try again in a few seconds.', {
      cause: { en: 'Nothing was sealed yet.', zh: '尚未签署任何检查点。' },
      remedy: { en: 'Try again in a few seconds.', zh: '请稍后重试。' },
    })
  if (out !== undefined)
    await writeFiles([{ path: out, bytes: Buffer.from(`${JSON.stringify(newest)}\n`) }], { secret: false, force: force === true })
  session.document(newest)
  const { say, paint } = session
  session.print(
    ...formatFacts(
      [
        [say('position', '位置'), String(newest.position)],
        [say('hash', '哈希'), newest.hash],
        [say('signed at', '签署时间'), newest.at],
      ],
      paint,
    ),
  )
  return 0
}
