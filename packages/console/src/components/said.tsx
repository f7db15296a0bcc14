/**
 * What was done last, said in the language of the page: in another one it is said anew, as everything else.
 *
 * @module
 */
import type { TFunction } from 'i18next'
import AntApp from 'antd/es/app'
import { useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Not the words: how to say it. */
export type Said = (t: TFunction) => string

/** @returns the words of the moment, null before anything was said; and how to say something */
export function useSaid(): [string | null, (what: Said | null) => void] {
  const { t } = useTranslation()
  const [said, setSaid] = useState<{ readonly what: Said } | null>(null)
  const say = useCallback((what: Said | null): void => setSaid(what === null ? null : { what }), [])
  return [said === null ? null : said.what(t), say]
}

function Words({ what }: { readonly what: Said }) {
  return what(useTranslation().t)
}

const TONES = ['info', 'success', 'warning', 'error'] as const
export type Toasts = Readonly<Record<(typeof TONES)[number], (what: Said) => void>>

/** Passing notes above the page. */
export function useToasts(): Toasts {
  const { message } = AntApp.useApp()
  return useMemo(() => {
    const show =
      (tone: (typeof TONES)[number]) =>
      (what: Said): void =>
        void message[tone](<Words what={what} />)
    return { info: show('info'), success: show('success'), warning: show('warning'), error: show('error') }
  }, [message])
}
