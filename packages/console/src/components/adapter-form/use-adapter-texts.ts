/**
 * What the settings of adapters are called in the language of the page.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import type { more } from '../../i18n/zh/more.ts'
import type { Port } from './port.ts'
import { adapterTexts, type AdapterTexts } from './texts.ts'

export function useAdapterTexts(port: Port): AdapterTexts {
  const { i18n } = useTranslation()
  return adapterTexts((i18n.getResourceBundle(i18n.language, 'translation') as Partial<typeof more>).adapters, port)
}
