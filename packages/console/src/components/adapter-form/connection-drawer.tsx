/**
 * Making or changing a connection: what it is called, its kind, and the settings that this kind takes.
 *
 * @module
 */
import type { AdapterView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Form, { type FormInstance } from 'antd/es/form'
import Select from 'antd/es/select'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { FormDrawer } from '../form-drawer.tsx'
import { Loading } from '../loading.tsx'
import { ProblemNotice } from '../problem-notice.tsx'
import { AdapterFields, CONFIG } from './adapter-fields.tsx'
import { changedSettings, readFields, settingsOf, type StoredSettings } from './fields.ts'
import type { Port } from './port.ts'
import { useAdapterTexts } from './use-adapter-texts.ts'

/** What the form gives besides the page's own fields; no config when the settings stay as they are. */
export type ConnectionValues<Own> = Own & { readonly kind: string; readonly config: Record<string, unknown> | null }

export interface ConnectionDrawerProps<Own> {
  readonly port: Port
  readonly title: string
  readonly intro: string
  readonly submit: string
  /** One that is there: its kind stays; its settings are loaded and changed in place, and secrets that are left out stay. */
  readonly existing?: { readonly kind: string; readonly loadSettings: () => Promise<StoredSettings> }
  readonly isOpen: boolean
  readonly isPending: boolean
  readonly error: unknown
  readonly initialValues?: object
  readonly onSubmit: (values: ConnectionValues<Own>) => void
  readonly onClose: () => void
  /** The page's own fields. */
  readonly children: ReactNode
  /** Below the settings. */
  readonly after?: ReactNode
}

/** What does not fit into the list at once is found by typing. */
const MANY = 8

interface RawValues {
  readonly kind?: string
  readonly [CONFIG]?: Record<string, unknown>
}

/** Of connections of this port, for those who may make one. */
export function useAdapters(port: Port) {
  const enabled = useLacking(`adapters.${port}`) === null
  return useQuery({ queryKey: keys.adapters(port), queryFn: () => api.adapters[port](), staleTime: Infinity, enabled })
}

export function ConnectionDrawer<Own extends object>(props: ConnectionDrawerProps<Own>) {
  const { port, title, intro, submit, existing, isOpen, isPending, error, initialValues, onClose } = props
  const [form] = Form.useForm<RawValues>()
  const adapters = useAdapters(port)
  const stored = useStoredSettings(props)
  const items = adapters.data?.items ?? []
  const firstKind = existing?.kind ?? onlyOf(items)?.id
  const send = ({ config, kind: chosen, ...own }: RawValues): void => {
    const kind = existing?.kind ?? chosen ?? firstKind ?? ''
    const adapter = items.find(({ id }) => id === kind)
    props.onSubmit({ ...own, kind, config: settingsFrom(adapter, config ?? {}, stored.data) } as ConnectionValues<Own>)
  }
  return (
    <FormDrawer<RawValues>
      form={form}
      title={title}
      intro={intro}
      submit={submit}
      isOpen={isOpen}
      isPending={isPending}
      error={error}
      {...(initialValues !== undefined && { initialValues })}
      onSubmit={send}
      onClose={onClose}
    >
      {props.children}
      {(adapters.isPending || (stored.isPending && stored.isEnabled)) && <Loading />}
      <ProblemNotice error={adapters.error} onRetry={() => void adapters.refetch()} />
      <ProblemNotice error={stored.error} onRetry={() => void stored.refetch()} />
      {items.length > 0 && (!stored.isEnabled || stored.data !== undefined) && (
        <Settings port={port} form={form} adapters={items} firstKind={firstKind} stored={stored.data ?? null} />
      )}
      {props.after}
    </FormDrawer>
  )
}

function onlyOf(items: readonly AdapterView[]): AdapterView | undefined {
  return items.length === 1 ? items[0] : undefined
}

/** Asked anew each time that the drawer opens, and not kept behind it. */
function useStoredSettings<Own>({ isOpen, existing }: ConnectionDrawerProps<Own>) {
  const id = useId()
  return useQuery({
    queryKey: ['stored-settings', id],
    queryFn: () => existing?.loadSettings() ?? Promise.reject(new Error('nothing is stored')),
    enabled: isOpen && existing !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  })
}

/** Null: they stay as they are. */
function settingsFrom(
  adapter: AdapterView | undefined,
  typed: Record<string, unknown>,
  stored: StoredSettings | undefined,
): Record<string, unknown> | null {
  if (adapter === undefined) return null
  const fields = readFields(adapter.configSchema)
  if (stored === undefined) return settingsOf(fields, typed)
  return adapter.settingsFromEnvironment === true ? null : changedSettings(fields, typed, stored)
}

interface SettingsProps {
  readonly port: Port
  readonly form: FormInstance<RawValues>
  readonly adapters: readonly AdapterView[]
  readonly firstKind: string | undefined
  /** Null: of a new one. */
  readonly stored: StoredSettings | null
}

function Settings({ port, form, adapters, firstKind, stored }: SettingsProps) {
  const { t } = useTranslation()
  const texts = useAdapterTexts(port)
  const chosen = Form.useWatch('kind', form) ?? firstKind
  const adapter = adapters.find(({ id }) => id === chosen)
  return (
    <>
      <Form.Item
        name="kind"
        label={t('fields.kind')}
        initialValue={firstKind}
        extra={adapter === undefined ? null : <Documentation adapter={adapter} />}
        rules={[{ required: true, message: t('fields.chooseKind') }]}
      >
        <Select
          disabled={stored !== null}
          showSearch={adapters.length > MANY ? { optionFilterProp: 'label' } : false}
          placeholder={t('fields.chooseKind')}
          options={adapters.map((each) => ({ value: each.id, label: texts.titleOf(each) }))}
        />
      </Form.Item>
      {adapter?.isUntried === true && <Alert type="warning" showIcon className="adapter-note" title={t('fields.untried')} />}
      {adapter !== undefined && <AdapterSettings key={adapter.id} port={port} adapter={adapter} stored={stored} />}
    </>
  )
}

type AdapterSettingsProps = Pick<SettingsProps, 'port' | 'stored'> & { readonly adapter: AdapterView }

function AdapterSettings({ port, adapter, stored }: AdapterSettingsProps) {
  const { t } = useTranslation()
  if (stored !== null && adapter.settingsFromEnvironment === true) {
    return <Alert type="info" showIcon className="adapter-note" title={t('fields.settingsFromEnvironment')} />
  }
  return <AdapterFields port={port} adapter={adapter} stored={stored} />
}

/** What the adapter speaks: a page to read, or names of standards. */
function Documentation({ adapter: { apiDocs } }: { readonly adapter: AdapterView }) {
  const { t } = useTranslation()
  if (apiDocs === '') return null
  if (!apiDocs.startsWith('https://')) return <span>{apiDocs}</span>
  return (
    <a href={apiDocs} target="_blank" rel="noreferrer noopener">
      {t('fields.apiDocs')}
    </a>
  )
}
