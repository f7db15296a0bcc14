/**
 * What comparing an old certificate with a product means for the buyer (FD, DOMAIN §3.5 and §3.6), in English and Chinese.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { WORDS_ZH } from '@evercert/contract/words-zh'
import {
  SPECIFICATION_ATTRIBUTES,
  type KnownSpecification,
  type Specification,
  type SpecificationComparison,
} from '../domain/product/specification.ts'
import { ATTRIBUTE_TEXTS } from './texts.ts'

export interface ComparisonFacts {
  readonly origin: 'purchased' | 'uploaded'
  readonly comparison: SpecificationComparison
  readonly old: KnownSpecification
  readonly product: Specification
}

/** What matches, what differs, what is not known, and what follows. */
export function comparisonText(facts: ComparisonFacts): Bilingual {
  const sentences = [matchText(facts), changeText(facts), unknownText(facts), consequenceText(facts)]
  const present = sentences.filter((sentence) => sentence !== null)
  return { en: present.map(({ en }) => en).join(' '), zh: present.map(({ zh }) => zh).join('') }
}

function matchText({ comparison: { same, changed, unknown } }: ComparisonFacts): Bilingual | null {
  if (same) return { en: 'All four attributes match.', zh: '四项规格均一致。' }
  const matching = SPECIFICATION_ATTRIBUTES.filter((attribute) => !changed.includes(attribute) && !unknown.includes(attribute))
  if (matching.length === 0) return null
  const { en, zh } = list(matching)
  return { en: `Equal: ${en}.`, zh: `一致：${zh}。` }
}

function changeText({ comparison: { changed }, old, product }: ComparisonFacts): Bilingual | null {
  if (changed.length === 0) return null
  const texts = changed.map((attribute) => {
    const [from, to] = [old[attribute] ?? '', product[attribute]]
    const arrow = `${wordZh(attribute, from)} → ${wordZh(attribute, to)}`
    return { en: `${ATTRIBUTE_TEXTS[attribute].en} (${from} → ${to})`, zh: `${ATTRIBUTE_TEXTS[attribute].zh}（${arrow}）` }
  })
  return {
    en: `Different: ${texts.map(({ en }) => en).join(', ')}.`,
    zh: `不一致：${texts.map(({ zh }) => zh).join('、')}。`,
  }
}

/** Grades, brands and kinds such as DV are the same in both languages. */
function wordZh(attribute: keyof Specification, value: string): string {
  const words: Readonly<Record<string, string>> = WORDS_ZH.domainType
  return attribute === 'domainType' ? (words[value] ?? value) : value
}

function unknownText({ comparison: { unknown } }: ComparisonFacts): Bilingual | null {
  if (unknown.length === 0) return null
  const { en, zh } = list(unknown)
  return {
    en: `The certificate does not tell: ${en}; compare with your old purchase.`,
    zh: `证书中无法识别：${zh}，请对照原购买信息确认。`,
  }
}

function consequenceText({ origin, comparison: { changed } }: ComparisonFacts): Bilingual | null {
  if (origin === 'uploaded') return changed.length === 0 ? null : UPLOAD_MISMATCH
  return changed.length === 0 ? null : PURCHASE_MISMATCH
}

const UPLOAD_MISMATCH: Bilingual = {
  en: 'The new certificate will be of another kind than the old one: check that it covers the same names and that your clients trust its brand.',
  zh: '新证书与旧证书规格不同：请确认其覆盖相同的域名，且您的客户端信任该品牌。',
}

const PURCHASE_MISMATCH: Bilingual = {
  en: 'A changed attribute makes this a new purchase, without top-up.',
  zh: '修改规格视为新购，不补齐剩余有效期。',
}

function list(attributes: readonly (keyof Specification)[]): Bilingual {
  return {
    en: attributes.map((attribute) => ATTRIBUTE_TEXTS[attribute].en).join(', '),
    zh: attributes.map((attribute) => ATTRIBUTE_TEXTS[attribute].zh).join('、'),
  }
}
