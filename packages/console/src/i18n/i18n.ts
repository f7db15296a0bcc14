/**
 * The language of the console: chosen, remembered, and loaded alone.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import type { Locale } from 'antd/es/locale'
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { withEdges, withoutEdges } from './chinese-spaces.ts'
import { inOwnZone } from './instants.ts'
import type { zh } from './zh/index.ts'
import type { more } from './zh/more.ts'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof zh & typeof more }
  }
}

const PLACE = 'evercert.language'

/** What the document says of itself (BCP 47). */
export const TAGS: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en' }

const isLanguage = (text: string | null): text is Language => text === 'zh' || text === 'en'

/** The language that was chosen last, or the first of the browser's that we have. */
export function preferredLanguage(): Language {
  const remembered = localStorage.getItem(PLACE)
  if (isLanguage(remembered)) return remembered
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en'
}

const LOADERS = {
  zh: async () => [(await import('./zh/index.ts')).zh, (await import('antd/es/locale/zh_CN')).default] as const,
  en: async () => [(await import('./en/index.ts')).en, (await import('antd/es/locale/en_US')).default] as const,
}

const MORE_LOADERS = {
  zh: async () => (await import('./zh/more.ts')).more,
  en: async () => (await import('./en/more.ts')).more,
}

const antLocales: Partial<Record<Language, Locale>> = {}

const moreTexts: Partial<Record<Language, Promise<unknown>>> = {}

/** Resolves when the texts of every page are here, in the language that is shown. */
export async function allTexts(): Promise<void> {
  await moreTexts[currentLanguage()]
}

/** Loads the texts if they are not here yet, and shows them; at the start, those of the first page. */
export async function changeLanguage(language: Language): Promise<void> {
  const isStart = Object.keys(antLocales).length === 0
  if (antLocales[language] === undefined) {
    const [texts, locale] = await LOADERS[language]()
    i18next.addResourceBundle(language, 'translation', texts)
    antLocales[language] = locale
    moreTexts[language] = MORE_LOADERS[language]().then((added) =>
      i18next.addResourceBundle(language, 'translation', added, true),
    )
  }
  if (!isStart) await moreTexts[language]
  document.documentElement.lang = TAGS[language]
  localStorage.setItem(PLACE, language)
  await i18next.changeLanguage(language)
}

/** Ant Design's own texts in a language that was loaded. */
export function antLocaleOf(language: Language): Locale | undefined {
  return antLocales[language]
}

export function currentLanguage(): Language {
  return i18next.language === 'en' ? 'en' : 'zh'
}

/**
 * A text in the language of the page, where a page has hundreds that need not listen: another language draws the app anew, from `App` downwards. What
 * is between as `memo` or `useMemo` has the language among what it depends on.
 */
export const { t } = i18next

/** A text of the API in the language of the page, its instants in the reader's zone. */
export function pick(text: Bilingual): string {
  const language = currentLanguage()
  return inOwnZone(text[language], language)
}

const SPACES = {
  type: 'postProcessor',
  name: 'spaces',
  process: (text: unknown) => (typeof text === 'string' ? withoutEdges(text) : text) as string,
} as const

export async function startI18n(): Promise<void> {
  await i18next
    .use(initReactI18next)
    .use(SPACES)
    .init({
      lng: preferredLanguage(),
      resources: {},
      partialBundledLanguages: true,
      fallbackLng: false,
      // Nothing is escaped, which React does.
      interpolation: { escapeValue: true, escape: (value) => (currentLanguage() === 'zh' ? withEdges(value) : value) },
      postProcess: [SPACES.name],
      react: { useSuspense: false, bindI18nStore: 'added' },
    })
  await changeLanguage(preferredLanguage())
}
