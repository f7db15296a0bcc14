/**
 * The frame of the pages for those who are not signed in.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { LanguageSwitch, ThemeSwitch } from '../../app/header-tools.tsx'
import './sign-in-page.css'

export function SignInFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="sign-in">
      <div className="sign-in-tools">
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <main className="panel sign-in-panel">
        <svg viewBox="0 0 32 32" width="44" height="44" aria-hidden="true">
          <path className="brand-shield" d="M16 2 4 6.5v8.7c0 7 5 12.4 12 14.8 7-2.4 12-7.8 12-14.8V6.5z" />
          <path className="brand-tick" d="m10.5 16.3 4 4 7.5-8.3" />
        </svg>
        <h1>{title}</h1>
        {children}
      </main>
    </div>
  )
}
