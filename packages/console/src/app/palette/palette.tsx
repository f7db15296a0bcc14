/**
 * One field from which everything can be reached by the keyboard: a list box that the field drives (WAI-ARIA, combobox pattern).
 *
 * @module
 */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useMe } from '../../api/use-me.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useToasts } from '../../components/said.tsx'
import { useLeave } from '../use-leave.ts'
import { ENTRY_GROUPS, listAccounts, listActions, listPages, matches, type Entry } from './palette-entries.ts'
import './palette.css'
import { useFound } from './use-found.ts'

const MAX_LENGTH = 253 // a domain name

/** Groups that the service finds. */
const FOUND: ReadonlySet<Entry['group']> = new Set(['certificates', 'orders'])

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation()
  const dialog = useRef<HTMLDialogElement>(null)
  // Before anything is drawn: the next key is for the field.
  useLayoutEffect(() => {
    dialog.current?.showModal()
    dialog.current?.querySelector('input')?.focus()
  }, [])
  const close = (): void => {
    dialog.current?.close()
    onClose() // the event of the dialog comes later, and the key that opens it may be there before
  }
  return (
    <dialog ref={dialog} className="palette" aria-label={t('shell.palette')} closedby="any" onClose={onClose}>
      <Search close={close} />
    </dialog>
  )
}

function Search({ close }: { readonly close: () => void }) {
  const { t } = useTranslation()
  const listId = useId()
  const [text, setText] = useState('')
  const [chosenId, setChosenId] = useState<string | null>(null)
  const { entries, isSearching, error } = useEntries(text.trim())
  const chosen = Math.max(
    0,
    entries.findIndex(({ id }) => id === chosenId),
  )
  const list = useRef<HTMLDivElement>(null)
  useInView(list, entries[chosen]?.id)
  const isWaiting = useRef(false)
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    close()
    entry.run()
  }
  useEffect(() => {
    if (!isWaiting.current || isSearching) return
    isWaiting.current = false
    run(entries[chosen])
  })
  const choose = (entry: Entry | undefined): void => {
    if (isSearching && (entry === undefined || FOUND.has(entry.group)))
      isWaiting.current = true // what is shown was found by what was typed before
    else run(entry)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return // the key belongs to an input method
    const to = placeAfter(event.key, chosen, entries.length)
    if (to !== null) setChosenId(entries[to]?.id ?? null)
    else if (event.key === 'Enter') choose(entries[chosen])
    else return
    event.preventDefault()
  }
  const optionId = (index: number): string => `${listId}-${index}`
  return (
    <>
      <input
        className="palette-field"
        type="text"
        role="combobox"
        aria-label={t('shell.palette')}
        aria-expanded
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={entries.length === 0 ? undefined : optionId(chosen)}
        placeholder={t('palette.placeholder')}
        maxLength={MAX_LENGTH}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          isWaiting.current = false
          setChosenId(null)
        }}
        onKeyDown={onKeyDown}
      />
      <ProblemNotice error={error} />
      <div ref={list} id={listId} className="palette-list" role="listbox" aria-label={t('palette.results')}>
        {ENTRY_GROUPS.map((group) => (
          <Group key={group} group={group} entries={entries} chosen={chosen} optionId={optionId} onRun={run} />
        ))}
      </div>
      <p className="palette-foot">
        <span role="status">{isSearching ? t('palette.searching') : t('palette.count', { count: entries.length })}</span>
        <span aria-hidden>{t('palette.keys')}</span>
      </p>
    </>
  )
}

/** In the order in which they are shown. */
function useEntries(text: string) {
  const { t } = useTranslation()
  const toasts = useToasts()
  const [, go] = useLocation()
  const leave = useLeave()
  const me = useMe().data
  const scopes = useMemo(() => new Set(me?.scopes), [me])
  const found = useFound(text, go, scopes)
  const needs = { t, go, scopes }
  const fixed = [
    ...listActions(needs, leave),
    ...listPages(needs),
    ...(me === undefined ? [] : listAccounts(t, me, () => toasts.error((t) => t('shell.accountClosed')))),
  ].filter((entry) => matches(entry, text))
  const all = [...found.entries, ...fixed]
  const entries = ENTRY_GROUPS.flatMap((group) => all.filter((entry) => entry.group === group))
  return { ...found, entries }
}

interface GroupProps {
  readonly group: Entry['group']
  readonly entries: readonly Entry[]
  readonly chosen: number
  readonly optionId: (index: number) => string
  readonly onRun: (entry: Entry) => void
}

function Group({ group, entries, chosen, optionId, onRun }: GroupProps) {
  const { t } = useTranslation()
  const nameId = useId()
  if (!entries.some((entry) => entry.group === group)) return null
  return (
    <div role="group" aria-labelledby={nameId}>
      <div id={nameId} className="palette-group" role="presentation">
        {t(`palette.groups.${group}`)}
      </div>
      {entries.map((entry, index) =>
        entry.group === group ? (
          <button
            key={entry.id}
            id={optionId(index)}
            type="button"
            className="palette-entry"
            role="option"
            aria-selected={index === chosen}
            tabIndex={-1}
            onMouseDown={(event) => event.preventDefault()} // the focus stays in the field, which drives the list
            onClick={() => onRun(entry)}
          >
            <span className="palette-label">{entry.label}</span>
            {entry.note !== undefined && <span className="palette-note">{entry.note}</span>}
          </button>
        ) : null,
      )}
    </div>
  )
}

/** Around the ends; null for a key that does not move. */
function placeAfter(key: string, place: number, count: number): number | null {
  if (count === 0) return null
  if (key === 'ArrowDown') return (place + 1) % count
  if (key === 'ArrowUp') return (place + count - 1) % count
  if (key === 'PageDown') return Math.min(place + 8, count - 1)
  if (key === 'PageUp') return Math.max(place - 8, 0)
  return null
}

function useInView(list: RefObject<HTMLDivElement | null>, chosenId: string | undefined): void {
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [list, chosenId])
}
