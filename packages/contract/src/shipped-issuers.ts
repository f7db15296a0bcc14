/**
 * What the issuers are called that come with Evercert. A title is kept as its operator wrote it, in one language; these have two.
 *
 * @module
 */
export const SHIPPED_ISSUERS = [
  {
    id: 'evercert-private',
    validityRule: 'private',
    title: { en: 'Evercert built-in CA (private validity)', zh: 'Evercert 内置 CA（私有有效期）' },
  },
  {
    id: 'evercert-public',
    validityRule: 'public',
    title: { en: 'Evercert built-in CA (public rules)', zh: 'Evercert 内置 CA（公共规则）' },
  },
] as const

/** In the reader's language; as it is once an operator has given it another. */
export function issuerTitleIn(language: 'zh' | 'en', title: string): string {
  return SHIPPED_ISSUERS.find((shipped) => shipped.title.en === title)?.title[language] ?? title
}
