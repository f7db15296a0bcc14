/**
 * A country by its name in the language of the page; the value is its code.
 *
 * @module
 */
import Select from 'antd/es/select'
import { useMemo } from 'react'
import { currentLanguage, TAGS, type Language } from '../i18n/i18n.ts'

/** ISO 3166-1 alpha-2, two letters each. */
const CODES =
  'ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW'.match(
    /../g,
  ) ?? []

export function countryName(code: string, language: Language = currentLanguage()): string {
  return new Intl.DisplayNames(TAGS[language], { type: 'region' }).of(code) ?? code
}

/** The parts of a select that a form fills in. */
export interface CountrySelectProps {
  readonly id?: string
  readonly value?: string
  readonly onChange?: (code: string) => void
}

export function CountrySelect({ id, value, onChange }: CountrySelectProps) {
  const language = currentLanguage()
  const options = useMemo(() => {
    const named = CODES.map((code) => ({ value: code, label: `${countryName(code, language)} (${code})` }))
    const compare = new Intl.Collator(TAGS[language]).compare
    return named.toSorted((one, other) => compare(one.label, other.label))
  }, [language])
  return (
    <Select
      {...(id !== undefined && { id })}
      {...(value !== undefined && { value })}
      {...(onChange !== undefined && { onChange })}
      options={options}
      showSearch={{ optionFilterProp: 'label' }}
    />
  )
}
