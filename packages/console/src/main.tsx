/**
 * Where the console begins.
 *
 * @module
 */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import './app/base.css'
import { forgetOldDrafts } from './app/kept-drafts.ts'
import { giveNonceToStyles } from './app/style-nonce.ts'
import { startI18n } from './i18n/i18n.ts'

const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no #root')
giveNonceToStyles()
forgetOldDrafts(Date.now())
// Beside the texts, not after them.
if (location.pathname === '/') void import('./pages/certificates/certificates-page.tsx')
await startI18n()
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
