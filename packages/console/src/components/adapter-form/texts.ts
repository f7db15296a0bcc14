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

/**
 * Under which names the texts of a kind are, the first that has one counts: a webhook for notices is another than one for deployments, and what
 * servers that read files have in common is said once.
 */
export function textGroupsOf(port: string, id: string): readonly string[] {
  return port === 'deploy' ? (id === 'webhook' ? ['deployWebhook'] : [id, 'files']) : [id]
}

/** @param texts the part `adapters` of a language's texts; undefined while they are loaded */
export function adapterTexts(texts: (typeof more)['adapters'] | undefined, port: string): AdapterTexts {
  const titles = (texts?.titles ?? {}) as Readonly<Record<string, string | undefined>>
  const choices = (texts?.choices ?? {}) as Readonly<Record<string, string | undefined>>
  const [labels, helps] = [(texts?.labels ?? {}) as Texts, (texts?.helps ?? {}) as Texts]
  const find = (of: Texts, adapterId: string, path: readonly string[]): string | null => {
    const group = textGroupsOf(port, adapterId).find((name) => of[name]?.[path.join('_')] !== undefined)
    return group === undefined ? null : (of[group]?.[path.join('_')] ?? null)
  }
  const isKnown = (adapterId: string, path: readonly string[]) => find(labels, adapterId, path) !== null
  return {
    titleOf: ({ id, title }) => titles[id] ?? title,
    labelOf: (adapterId, path) => find(labels, adapterId, path) ?? wordsOf(path.at(-1) ?? ''),
    helpOf: (adapterId, path, description) => find(helps, adapterId, path) ?? (isKnown(adapterId, path) ? null : description),
    choiceOf: (adapterId, value) => choices[`${adapterId}_${value}`] ?? choices[value] ?? value,
  }
}

/** `webhookUrl` as `Webhook url`. */
function wordsOf(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
