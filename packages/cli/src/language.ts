/**
 * The two languages of the command: texts stand side by side where they are used.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'

export type Language = 'en' | 'zh'

/** Gives the text of the user's language. */
export type Say = (en: string, zh: string) => string

/** `--lang` before `LC_ALL`, `LC_MESSAGES` and `LANG`; whatever is not Chinese is English. */
export function detectLanguage(argv: readonly string[], env: NodeJS.ProcessEnv): Language {
  const wanted = findOption(argv, '--lang') ?? env['LC_ALL'] ?? env['LC_MESSAGES'] ?? env['LANG'] ?? ''
  return wanted.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

export function createSay(language: Language): Say {
  return (en, zh) => (language === 'zh' ? zh : en)
}

/** The text of a view in the user's language. */
export function pick(text: Bilingual, language: Language): string {
  return text[language]
}

// Needed before the options are parsed: the parser's own complaints are in that language too.
function findOption(argv: readonly string[], name: string): string | undefined {
  const joined = argv.find((argument) => argument.startsWith(`${name}=`))
  if (joined !== undefined) return joined.slice(name.length + 1)
  const at = argv.indexOf(name)
  return at === -1 ? undefined : argv[at + 1]
}
