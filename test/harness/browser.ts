/**
 * Debian's Chromium without a window, driven by playwright-core. Nothing is downloaded.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const PLACES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  '--headless',
  '--no-sandbox', // tests run as root too, in a browser that opens nothing but this machine
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Not in git. */
const ARTEFACTS = fileURLToPath(new URL('../artefacts/console', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** @throws Error that names the package when there is no Chromium */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place))
  if (executablePath === undefined) throw new Error('Chromium is missing. Install it: apt-get install chromium-headless-shell')
  return chromium.launch({ executablePath, args: FLAGS })
}

export interface View {
  readonly width: number
  readonly language: 'zh' | 'en'
  readonly theme: 'light' | 'dark'
  /** Default: as little as possible. */
  readonly motion?: 'full'
}

export interface Tab {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page said went wrong: errors of scripts, the console, and violations of its policy. Answers of 4xx are not among them. */
  readonly faults: readonly string[]
}

/** A browser of its own for one test: no cookies, no storage, its own language and theme. It closes after the test, with a picture if that failed. */
export async function openTab(browser: Browser, { width, language, theme, motion }: View): Promise<Tab> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    colorScheme: theme,
    timezoneId: 'Asia/Shanghai',
    reducedMotion: motion === 'full' ? 'no-preference' : 'reduce',
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text)
  })
  onTestFinished(async ({ task }) => {
    const name = `failed-${task.name.replaceAll(/\W+/g, '-').slice(0, 60)}`
    if (task.result?.state === 'fail') await takePicture(page, name).catch(() => {}) // the page may be what failed
    await context.close()
  })
  return { page, context, faults }
}

export interface TabWithAuthenticator extends Tab {
  /** Whether the authenticator finds that its owner is there. */
  setVerified(isUserVerified: boolean): Promise<void>
}

/** A tab with an authenticator that the browser's debugger plays (CDP WebAuthn). */
export async function openWithAuthenticator(browser: Browser, view: View): Promise<TabWithAuthenticator> {
  const tab = await openTab(browser, view)
  const debug = await tab.context.newCDPSession(tab.page)
  await debug.send('WebAuthn.enable')
  const { authenticatorId } = await debug.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    ...tab,
    setVerified: async (isUserVerified) => {
      await debug.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}

/**
 * Rules of WCAG 2.2 A and AA that can be tested by a program. The menu beside the pages is the same on all of them: it is looked at the first
 * time in each document.
 *
 * @returns what is violated, empty when nothing is
 */
export async function findViolations(page: Page): Promise<string[]> {
  const isFirst = await page.evaluate<boolean>('globalThis.axe === undefined')
  // Handed to the debugger, not to the page: its policy would refuse it.
  if (isFirst) await page.evaluate(AXE)
  return page.evaluate(
    async (context) => {
      const { axe } = globalThis as unknown as { axe: { run(...asked: object[]): Promise<{ violations: Violation[] }> } }
      interface Violation {
        readonly id: string
        readonly help: string
        readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
      }
      const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']
      // Style sheets are loaded anew for one rule that is not among these.
      const options = { runOnly: { type: 'tag', values }, resultTypes: ['violations'], preload: false }
      const { violations } = await axe.run(context, options)
      return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html.slice(0, 240)}\n  ${failureSummary ?? ''}`),
      )
    },
    isFirst ? { include: [['html']] } : { exclude: [['.side .menu']] },
  )
}

/** The contrast of the edges of boxes and fields with what they stand on (WCAG 2.2, 1.4.11), which axe does not look at. */
export function contrastOfEdges(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const style = getComputedStyle(document.querySelector('.app'))
    const luminance = (name) => {
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(style.getPropertyValue(name).trim().slice(at, at + 2), 16) / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const edge = luminance('--ant-color-border')
    return Math.min(...['--ant-color-bg-container', '--ant-color-bg-elevated', '--ant-color-bg-layout'].map((name) => {
      const ground = luminance(name)
      return (Math.max(edge, ground) + 0.05) / (Math.min(edge, ground) + 0.05)
    }))
  })()`)
}

/** Keeps a picture of the whole page among the artefacts of the run: as JPEG, which takes half the time of PNG, and there are two hundred of them. */
export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTEFACTS, { recursive: true })
  await page.screenshot({ path: join(ARTEFACTS, `${name}.jpg`), type: 'jpeg', quality: 85, fullPage: true })
}
