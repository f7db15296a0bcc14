/**
 * Every text exists in each language, with the same places to fill, and every text is used.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { contract } from '@evercert/contract'
import { describe, expect, it } from 'vitest'
import { en as firstEn } from '../src/i18n/en/index.ts'
import { more as moreEn } from '../src/i18n/en/more.ts'
import { ACTION_GROUPS } from '../src/pages/audit/action-groups.ts'
import { zh as firstZh } from '../src/i18n/zh/index.ts'
import { more as moreZh } from '../src/i18n/zh/more.ts'

const zh = { ...firstZh, ...moreZh }
const en = { ...firstEn, ...moreEn }

type Texts = { readonly [key: string]: string | Texts }

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else for (const [name, text] of flatten(value, `${prefix}${key}.`)) found.set(name, text)
  }
  return found
}

const chinese = flatten(zh)
const english = flatten(en)
const root = fileURLToPath(new URL('../src', import.meta.url))
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('i18n'))
  .map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  .join('\n')
const placesOf = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name).sort()

/** Operations of the API stand there too, by their names, as what a button needs. */
const operations = [...sources.matchAll(/(?:operation=|useLacking\()(["'][\w.]+["']|\{[^{}]+\})/g)].flatMap(([, named = '']) =>
  [...named.matchAll(/["']([\w.]+)["']/g)].map(([, name = '']) => name),
)
/** Keys that stand in the sources, whole or as `prefix.${…}`. */
const literals = new Set([...sources.matchAll(/['"`]([a-z]\w*(?:\.[\w-]+)+)['"`]/gi)].map(([, key = '']) => key))
const prefixes = [...new Set([...sources.matchAll(/`([a-z]\w*(?:\.\w+)*\.)\$\{/gi)].map(([, prefix = '']) => prefix))]
const withoutCount = (key: string): string => key.replace(/_(one|other)$/, '')

/** Names of products, protocols and keys, which are the same in both languages. */
const NAMES =
  /^(shell\.otherLanguage|renewal\.csr$|terms\.key\.|issuers\.issuer$|notices\.languages\.en$|adapters\.(titles|choices)\.|adapters\.labels\.acme\.eab_keyId$|adapters\.helps\.\w+\.webhookUrl$)/
/** The timeline takes nouns by their names; the forms of the adapters take these by the names of their settings, and the server's console-forms.test.ts holds them against the adapters. */
const BY_NAME = /^adapters\.(titles|labels|helps|choices)\.|^history\.(subjects|states)\./

describe('the texts', () => {
  it('are there in both languages', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
    expect([...chinese, ...english].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  it('have the same places to fill in both languages', () => {
    const optional = (key: string): RegExp => (key.endsWith('_one') ? /^count$/ : /^$/) // "one" may stand as a word
    for (const [key, text] of chinese) {
      const wanted = (of: string): string[] => placesOf(of).filter((place) => !optional(key).test(place))
      expect([key, wanted(english.get(key) ?? '')]).toEqual([key, wanted(text)])
    }
  })

  it('are Chinese in Chinese', () => {
    const without = [...chinese].filter(([key, text]) => !/[一-龥]/u.test(text) && !NAMES.test(key))
    expect(without.map(([key]) => key)).toEqual([])
  })

  it('are all used, and all that are used exist', () => {
    const used = (key: string): boolean =>
      BY_NAME.test(key) ||
      literals.has(withoutCount(key)) ||
      prefixes.some((prefix) => key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
    expect([...chinese.keys()].filter((key) => !used(key))).toEqual([])
    const roots = new RegExp(`^(${Object.keys(zh).join('|')})\\.`)
    const known = new Set([...chinese.keys()].map(withoutCount))
    expect([...literals].filter((key) => roots.test(key) && !known.has(key) && !operations.includes(key))).toEqual([])
  })
})

describe('the Chinese texts', () => {
  it('have a space beside Latin words and numbers, and Chinese punctuation beside Chinese', () => {
    const wrong = [...chinese].filter(([, raw]) => {
      const text = raw.replaceAll(/\{\{\w+\}\}/g, '')
      return /[一-龥][A-Za-z0-9]|[A-Za-z0-9%][一-龥]|[一-龥][,;:!?()]|[,;:!?()][一-龥]/u.test(text)
    })
    expect(wrong).toEqual([])
  })
})

describe('the audit log', () => {
  it('has words for every operation that it may hold, and offers each group in its filter', () => {
    const audited = Object.entries(contract).flatMap(([group, procedures]) =>
      Object.entries(procedures).flatMap(([name, procedure]) => {
        const { route, meta } = procedure['~orpc']
        const wish = meta.operation?.audit
        const isHeld = wish === 'access' || (route.method !== 'GET' && wish !== 'none')
        return isHeld ? [{ group, name }] : []
      }),
    )
    expect(audited.length).toBeGreaterThan(100)
    for (const texts of [zh, en]) {
      const { groups, verbs } = texts.audit
      expect(audited.filter(({ group, name }) => !(group in groups) || !(name in verbs))).toEqual([])
    }
    const { verbs, verbsOf } = zh.audit
    const { issuers, products } = zh // one word for one thing, here and on its page
    expect([verbs.retire, verbs.restore]).toEqual([issuers.retire, issuers.restore])
    expect([verbsOf.products_retire, verbsOf.products_restore]).toEqual([products.retire, products.restore])
    const groups = new Set(audited.map(({ group }) => group))
    expect([...groups].filter((group) => !(ACTION_GROUPS as readonly string[]).includes(group))).toEqual([])
  })
})
