/**
 * What the palette offers without asking the service: what people often do, every page, and the user's other accounts.
 *
 * @module
 */
import type { Scope } from '@evercert/contract'
import type { ParseKeys, TFunction } from 'i18next'
import { enterAccount } from '../../api/use-me.ts'
import { changeLanguage, currentLanguage } from '../../i18n/i18n.ts'
import { PAGES } from '../routes.ts'

/** What is here at once stands first: nothing moves under the choice when the service has answered. */
export const ENTRY_GROUPS = ['actions', 'pages', 'accounts', 'certificates', 'orders'] as const
export type EntryGroup = (typeof ENTRY_GROUPS)[number]

export interface Entry {
  readonly id: string
  readonly group: EntryGroup
  readonly label: string
  /** Beside the label, in a quieter voice. */
  readonly note?: string
  /** Found by these as well; for instance the path, which is English in both languages. */
  readonly words?: string
  readonly run: () => void
}

interface Needs {
  readonly t: TFunction
  readonly go: (path: string) => void
  readonly scopes: ReadonlySet<Scope>
}

interface Doing {
  readonly path: string
  readonly label: ParseKeys
  readonly words: string
  readonly scope: Scope
}

const DOINGS: readonly Doing[] = [
  { path: '/buy', label: 'palette.buy', words: 'buy order', scope: 'orders:write' },
  { path: '/upload', label: 'palette.upload', words: 'upload import', scope: 'certificates:write' },
  { path: '/?status=expiringSoon', label: 'palette.renew', words: 'renew renewal expiring', scope: 'orders:write' },
  { path: '/contacts?open=new', label: 'palette.addContact', words: 'add contact', scope: 'certificates:write' },
  { path: '/companies?open=new', label: 'palette.addCompany', words: 'add company', scope: 'certificates:write' },
  { path: '/csrs?open=new', label: 'palette.makeCsr', words: 'make csr key', scope: 'certificates:write' },
]

export function listActions({ t, go, scopes }: Needs, leave: () => Promise<void>): Entry[] {
  const doings = DOINGS.filter(({ scope }) => scopes.has(scope)).map(({ path, label, words }): Entry => {
    return { id: `do ${path}`, group: 'actions', label: String(t(label)), words, run: () => go(path) }
  })
  const other = currentLanguage() === 'zh' ? 'en' : 'zh'
  return [
    ...doings,
    {
      id: 'do language',
      group: 'actions',
      label: t('palette.language'),
      note: t('shell.otherLanguage'),
      words: 'language 语言',
      run: () => void changeLanguage(other),
    },
    { id: 'do signOut', group: 'actions', label: t('shell.signOut'), words: 'sign out leave', run: () => void leave() },
  ]
}

/** Those that need nothing but their path, and that the caller may see. */
export function listPages({ t, go, scopes }: Needs): Entry[] {
  return PAGES.filter(({ path, bare }) => bare !== true && !path.includes(':'))
    .filter(({ scope }) => scope === undefined || scopes.has(scope))
    .map(({ path, title }): Entry => ({ id: `page ${path}`, group: 'pages', label: t(title), note: path, run: () => go(path) }))
}

export function listAccounts(
  t: TFunction,
  { accounts, account }: { readonly accounts: readonly { id: string; name: string }[]; readonly account: { id: string } | null },
  onFailure: () => void,
): Entry[] {
  return accounts
    .filter(({ id }) => id !== account?.id)
    .map(({ id, name }): Entry => {
      const run = (): void => void enterAccount(id).catch(onFailure)
      return { id: `account ${id}`, group: 'accounts', label: name, note: t('palette.enterAccount'), words: 'account 账号', run }
    })
}

/** Every word has to be somewhere in it; without any, everything fits. */
export function matches({ label, note = '', words = '' }: Pick<Entry, 'label' | 'note' | 'words'>, text: string): boolean {
  const all = `${label} ${note} ${words}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
