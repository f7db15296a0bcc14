/**
 * What is about to be uploaded: the files so far, the names that somebody gave, and what the service said of each.
 *
 * @module
 */
import type { UploadOutcome } from '@evercert/contract'
import { useMemo, useState } from 'react'
import { pairSources, type Draft } from './pair-sources.ts'
import type { Source } from './read-pem.ts'

export interface StoredUpload {
  readonly name: string
  readonly certificateId: string
}

export interface UploadDraft extends Draft {
  readonly name: string
  /** What the service said last; null: it was not asked since the draft was changed. */
  readonly outcome: UploadOutcome | null
}

export interface UploadState {
  readonly sources: readonly Source[]
  readonly drafts: readonly UploadDraft[]
  readonly looseKeys: readonly string[]
  readonly looseAuthorities: readonly string[]
  /** In the order in which they were stored. */
  readonly stored: readonly StoredUpload[]
  readonly addSources: (sources: readonly Source[]) => void
  readonly rename: (id: string, name: string) => void
  readonly remove: (id: string) => void
  readonly record: (drafts: readonly UploadDraft[], outcomes: readonly UploadOutcome[]) => void
  /** Forgets files and drafts, not what was stored. */
  readonly clear: () => void
}

export function useUploadState(): UploadState {
  const [sources, setSources] = useState<readonly Source[]>([])
  const [names, setNames] = useState<Readonly<Record<string, string>>>({})
  const [outcomes, setOutcomes] = useState<Readonly<Record<string, UploadOutcome | null>>>({})
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set())
  const [stored, setStored] = useState<readonly StoredUpload[]>([])
  const pairing = useMemo(() => pairSources(sources), [sources])
  const drafts = pairing.drafts
    .filter(({ id }) => !gone.has(id))
    .map((draft) => ({ ...draft, name: names[draft.id] ?? draft.suggestedName, outcome: outcomes[draft.id] ?? null }))
  const clear = (): void => {
    setSources([])
    setNames({})
    setOutcomes({})
    setGone(new Set())
  }
  return {
    sources,
    drafts,
    looseKeys: pairing.looseKeys,
    looseAuthorities: pairing.looseAuthorities,
    stored,
    clear,
    addSources: (added) => {
      setSources((present) => [...present, ...added])
      // What was removed or stored and is dropped once more is wanted once more.
      const ids = added.flatMap(({ certificates }) => certificates.map(({ id }) => id))
      setGone((present) => new Set([...present].filter((id) => !ids.includes(id))))
    },
    rename: (id, name) => {
      setNames((present) => ({ ...present, [id]: name }))
      setOutcomes((present) => ({ ...present, [id]: null }))
    },
    remove: (id) => setGone((present) => new Set([...present, id])),
    record: (sent, answers) => {
      const pairs = sent.flatMap((draft, index) => (answers[index] === undefined ? [] : [[draft, answers[index]] as const]))
      setOutcomes((present) => ({ ...present, ...Object.fromEntries(pairs.map(([{ id }, answer]) => [id, answer])) }))
      const kept = pairs.filter(([, { result }]) => result === 'stored')
      setStored((present) => [
        ...present,
        ...kept.flatMap(([, answer]) =>
          answer.result === 'stored' ? [{ name: answer.name, certificateId: answer.certificateId }] : [],
        ),
      ])
      const ids = new Set(kept.map(([{ id }]) => id))
      setGone((present) => new Set([...present, ...ids]))
      const keys = new Set(kept.map(([{ privateKeyPem }]) => privateKeyPem))
      setSources((present) => present.map((source) => withoutKeys(source, keys)))
    },
  }
}

/** A key that is stored is not kept in the page. */
function withoutKeys(source: Source, pems: ReadonlySet<string | null>): Source {
  return { ...source, keys: source.keys.filter(({ pem }) => !pems.has(pem)) }
}
