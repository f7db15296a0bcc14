/**
 * Why the service, or work on a stopped one, did not start.
 *
 * @module
 */
import type { Bilingual, ProblemCode } from '@evercert/contract'
import { failure, inTheirWords, type CliFailure } from './failure.ts'

type Facts = Readonly<Record<string, unknown>>
interface Texts {
  readonly cause: Bilingual
  readonly remedy: Bilingual
}

/** A failure of the server's own start, with what is known of its reason in both languages. */
export function startFailure(code: ProblemCode, detail: string, facts: Facts = {}): CliFailure {
  const texts = typeof facts['reason'] === 'string' ? REASON_TEXTS[facts['reason']]?.(facts) : undefined
  return failure(code, inTheirWords(detail), { ...(texts ?? (code === 'misconfigured' ? SETTING_TEXTS : {})), facts })
}

const SETTING_TEXTS: Texts = {
  cause: { en: 'A setting of the service is missing or wrong.', zh: '服务的设置缺失或有误。' },
  remedy: {
    en: 'Correct what is named above, and start again. All settings: docs/generated/configuration.md.',
    zh: '请修正上述设置后重新启动。全部设置见 docs/generated/configuration.md。',
  },
}

const URL_SETTING = 'EVERCERT_DATABASE_URL'

const REASON_TEXTS: Readonly<Record<string, (facts: Facts) => Texts>> = {
  unreachable: (facts) => ({
    cause: { en: `No PostgreSQL answers at ${serverOf(facts)}.`, zh: `${serverOf(facts)} 上的 PostgreSQL 无响应。` },
    remedy: { en: `Start it, or correct ${URL_SETTING}.`, zh: `请启动 PostgreSQL，或修正 ${URL_SETTING}。` },
  }),
  credentials: (facts) => ({
    cause: {
      en: `PostgreSQL at ${serverOf(facts)} refuses the user ${String(facts['user'])}.`,
      zh: `${serverOf(facts)} 上的 PostgreSQL 拒绝用户 ${String(facts['user'])}。`,
    },
    remedy: {
      en: `Correct user and password in ${URL_SETTING}, or in the file of ${URL_SETTING}_FILE; or let the user in (pg_hba.conf).`,
      zh: `请修正 ${URL_SETTING}（或 ${URL_SETTING}_FILE 所指文件）中的用户与密码，或在 pg_hba.conf 中允许该用户。`,
    },
  }),
  noDatabase: (facts) => ({
    cause: {
      en: `PostgreSQL at ${serverOf(facts)} has no database ${String(facts['database'])}.`,
      zh: `${serverOf(facts)} 上的 PostgreSQL 没有数据库 ${String(facts['database'])}。`,
    },
    remedy: {
      en: `Create it (createdb ${String(facts['database'])}), or correct ${URL_SETTING}.`,
      zh: `请创建该数据库（createdb ${String(facts['database'])}），或修正 ${URL_SETTING}。`,
    },
  }),
  refused: (facts) => ({
    cause: { en: `PostgreSQL at ${serverOf(facts)} takes no connection.`, zh: `${serverOf(facts)} 上的 PostgreSQL 不接受连接。` },
    remedy: { en: 'Mend what it says, and start again.', zh: '请按其提示处理后重新启动。' },
  }),
  dataFolder: ({ folder, systemCode }) => ({
    cause: {
      en: `The data folder ${String(folder)} cannot be written (${String(systemCode)}).`,
      zh: `无法写入数据目录 ${String(folder)}（${String(systemCode)}）。`,
    },
    remedy: {
      en: 'Give it to the user of the service, with mode 0700, or choose another folder by EVERCERT_DATA_DIR.',
      zh: '请将该目录交给运行服务的用户并设为 0700 权限，或用 EVERCERT_DATA_DIR 指定其他目录。',
    },
  }),
  badUrl: () => ({
    cause: { en: `${URL_SETTING} is no URL.`, zh: `${URL_SETTING} 不是有效的 URL。` },
    remedy: {
      en: 'Give postgres://user:password@host:5432/database, with %40 for @, %2F for / and %23 for # in the password.',
      zh: '请使用 postgres://用户:密码@主机:5432/数据库；密码中的 @、/、# 请写作 %40、%2F、%23。',
    },
  }),
}

function serverOf({ host, port }: Facts): string {
  return `${String(host)}:${String(port)}`
}
