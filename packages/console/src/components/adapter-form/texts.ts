/**
 * What the settings of adapters are called. An adapter that has no texts here is shown as it describes itself, in English.
 *
 * @module
 */
import type { AdapterView } from '@evercert/contract'
import type { more } from '../../i18n/zh/more.ts'

type Texts = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>

export interface AdapterTexts {
  readonly titleOf: (adapter: Pick<AdapterView, 'id' | 'title'>) => string
  readonly labelOf: (adapterId: string, path: readonly string[]) => string
  /** What to put in; null when nothing is known. An adapter without texts has its own description. */
  readonly helpOf: (adapterId: string, path: readonly string[], description: string | null) => string | null
  readonly choiceOf: (adapterId: string, value: string) => string
}

/** @param texts the part `adapters` of a language's texts; undefined while they are loaded */
export function adapterTexts(texts: (typeof more)['adapters'] | undefined): AdapterTexts {
  const titles = (texts?.titles ?? {}) as Readonly<Record<string, string | undefined>>
  const choices = (texts?.choices ?? {}) as Readonly<Record<string, string | undefined>>
  const [labels, helps] = [(texts?.labels ?? {}) as Texts, (texts?.helps ?? {}) as Texts]
  return {
    titleOf: ({ id, title }) => titles[id] ?? title,
    labelOf: (adapterId, path) => labels[adapterId]?.[path.join('_')] ?? wordsOf(path.at(-1) ?? ''),
    helpOf: (adapterId, path, description) =>
      helps[adapterId] === undefined ? description : (helps[adapterId][path.join('_')] ?? null),
    choiceOf: (adapterId, value) => choices[`${adapterId}_${value}`] ?? choices[value] ?? value,
  }
}

/** `webhookUrl` as `Webhook url`. */
function wordsOf(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
