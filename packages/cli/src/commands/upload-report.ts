/**
 * An upload of many on the terminal: progress while it runs, then what was stored, what was refused, and why.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { isLoss, type Item } from '../import/found.ts'
import { fractionOf, type Position } from '../import/position.ts'
import { emptyReport, uploadItems, type UploadReport } from '../import/upload-items.ts'
import { pick } from '../language.ts'
import { clean, formatTable, type Cell } from '../output.ts'
import { createProgress, progressStream } from '../progress.ts'
import type { Session } from '../session.ts'

export interface UploadManyOptions {
  readonly source: string
  readonly dryRun: boolean
  readonly completeChain?: boolean
  readonly position: Position
}

/** Lines of each kind on the terminal; `--json` has them all. */
const MAX_LINES = 200
const BAR_WIDTH = 20
const EXIT = { kept: 0, notAllKept: 1 } as const

/** @returns 0, also when everything was there already; 1 when anything was refused, or left out so that a certificate may be missing */
export async function runUpload(session: Session, items: AsyncIterable<Item>, options: UploadManyOptions): Promise<number> {
  const report = emptyReport()
  const client = await session.client()
  const progress = createProgress({ stream: progressStream(session, session.shell.stderr), env: session.shell.env })
  const label = options.dryRun ? session.say('Check certificates', '检查证书') : session.say('Upload certificates', '上传证书')
  try {
    await progress.step({ name: 'upload', label }, () =>
      uploadItems(
        items,
        {
          client,
          dryRun: options.dryRun,
          completeChain: options.completeChain ?? false,
          onProgress: () => progress.hint(progressText(session, report, fractionOf(options.position))),
        },
        report,
      ),
    )
  } catch (error) {
    session.print(...formatReport(session, report, { ...options, isWhole: false }))
    throw error
  }
  session.document(toDocument(report, options))
  session.print(...formatReport(session, report, { ...options, isWhole: true }))
  return isAllKept(report) ? EXIT.kept : EXIT.notAllKept
}

function isAllKept({ refused, skipped }: UploadReport): boolean {
  return refused.length === 0 && !skipped.some((item) => isLoss(item))
}

/** `████████░░░░  40 %  1200  3 refused`; without the bar while nobody knows how much there is. */
export function progressText({ say }: Pick<Session, 'say'>, report: UploadReport, fraction: number | null): string {
  const done = report.stored.length + report.present.length + report.refused.length
  const refused =
    report.refused.length === 0 ? '' : say(`  ${report.refused.length} refused`, `  ${report.refused.length} 个被拒绝`)
  if (fraction === null) return `${done}${refused}`
  const filled = Math.floor(fraction * BAR_WIDTH)
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  ${Math.floor(fraction * 100)} %  ${done}${refused}`
}

function toDocument(report: UploadReport, { source, dryRun }: UploadManyOptions) {
  const skipped = report.skipped.map(({ origin, code, reason }) => ({ origin, code, reason }))
  return { source, dryRun, ...report, skipped }
}

type Paper = Pick<Session, 'say' | 'paint' | 'columns' | 'language'>

interface ReportOptions {
  readonly dryRun: boolean
  /** False: it broke off, and what comes after is not in the report. */
  readonly isWhole: boolean
}

export function formatReport(session: Paper, report: UploadReport, { dryRun, isWhole }: ReportOptions): string[] {
  const { say, paint } = session
  const { stored, present, refused, skipped } = report
  const storedText = dryRun
    ? say(`${stored.length} would be stored`, `将保存 ${stored.length} 个`)
    : say(`${stored.length} stored`, `已保存 ${stored.length} 个`)
  const summary = [
    storedText,
    say(`${present.length} there already`, `${present.length} 个已存在`),
    say(`${refused.length} refused`, `${refused.length} 个被拒绝`),
    say(`${skipped.length} left out`, `${skipped.length} 个未处理`),
  ]
  return [
    `${isWhole && isAllKept(report) ? paint('green', '✔') : paint('yellow', '■')} ${summary.join(say(', ', '，'))}`,
    ...lines(
      session,
      say('Refused', '被拒绝'),
      refused.map(({ origin, problem }) => ({ origin, ...problem, text: problem.cause })),
    ),
    ...lines(
      session,
      say('Left out', '未处理'),
      skipped.map(({ origin, code, reason }) => ({ origin, code, text: reason })),
    ),
  ]
}

interface Line {
  readonly origin: string
  readonly code: string
  readonly text: Bilingual
  readonly remedy?: Bilingual
}

function lines(session: Paper, title: string, all: readonly Line[]): string[] {
  if (all.length === 0) return []
  const { say, paint, columns, language } = session
  const rows = all
    .slice(0, MAX_LINES)
    .map(({ origin, code, text, remedy }): Cell[] => [
      { text: origin },
      { text: code, colour: 'yellow' },
      { text: remedy === undefined ? pick(text, language) : `${pick(text, language)} ${pick(remedy, language)}` },
    ])
  const header = [say('WHERE', '位置'), say('CODE', '代码'), say('WHY', '原因')]
  const more = all.length - rows.length
  return [
    '',
    paint('bold', clean(title)),
    ...formatTable(header, rows, { paint, columns, shrink: 2 }),
    ...(more > 0 ? [say(`… and ${more} more: see --json.`, `……另有 ${more} 个：请用 --json 查看。`)] : []),
  ]
}
