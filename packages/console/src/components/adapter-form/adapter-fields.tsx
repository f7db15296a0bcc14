/**
 * The settings of one adapter as fields of a form, under the name `config`.
 *
 * @module
 */
import type { AdapterView } from '@evercert/contract'
import type { Rule } from 'antd/es/form'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Select from 'antd/es/select'
import Switch from 'antd/es/switch'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { currentLanguage } from '../../i18n/i18n.ts'
import './adapter-fields.css'
import { isGiven, isMoved, isSecretSet, readFields, startValueOf, type AdapterField, type StoredSettings } from './fields.ts'
import type { Port } from './port.ts'
import { useAdapterTexts } from './use-adapter-texts.ts'

export const CONFIG = 'config'

const LONG_ROWS = 5
const LIST_ROWS = 3
const URL_PATTERN = /^https?:\/\/\S+$/
const EMAIL_PATTERN = /^[^\s@]+@[^\s@]+$/

interface Place {
  readonly port: Port
  readonly adapterId: string
  /** Null: a new connection. */
  readonly stored: StoredSettings | null
  /** Names of settings that stay as they are stored. */
  readonly fixed: readonly string[]
  /** What is typed would send the stored secrets elsewhere: none is kept. */
  readonly moved: boolean
}

interface AdapterFieldsProps {
  readonly port: Port
  readonly adapter: AdapterView
  readonly stored?: StoredSettings | null
}

interface TypedSettings {
  readonly [CONFIG]?: Readonly<Record<string, unknown>>
}

export function AdapterFields({ port, adapter, stored = null }: AdapterFieldsProps) {
  const fields = useMemo(() => readFields(adapter.configSchema), [adapter])
  const form = Form.useFormInstance<TypedSettings>()
  const moved = Form.useWatch((values: TypedSettings) => stored !== null && isMoved(fields, values[CONFIG] ?? {}, stored), form)
  const fixed = stored === null ? [] : (adapter.identity ?? [])
  const place: Place = { port, adapterId: adapter.id, stored, fixed, moved: moved === true }
  return fields.map((field) =>
    field.kind === 'object' ? (
      <Group key={field.name} place={place} field={field} />
    ) : (
      <Field key={field.name} place={place} field={field} group={null} />
    ),
  )
}

type Single = Exclude<AdapterField, { readonly kind: 'object' }>
type Grouped = Extract<AdapterField, { readonly kind: 'object' }>

/** Settings that belong together; when the group may be left out, its fields are wanted as soon as one is filled in. */
function Group({ place, field }: { readonly place: Place; readonly field: Grouped }) {
  const { t } = useTranslation()
  const { adapterId } = place
  const texts = useAdapterTexts(place.port)
  const help = texts.helpOf(adapterId, field.path, field.description)
  return (
    <fieldset className="adapter-group">
      <legend>
        {texts.labelOf(adapterId, field.path)}
        {!field.isRequired && <span className="muted"> {t('fields.optional')}</span>}
      </legend>
      {help !== null && <p className="muted adapter-group-help">{help}</p>}
      {field.fields.map((inner) =>
        inner.kind === 'object' ? null : (
          <Field key={inner.name} place={place} field={inner} group={field.isRequired ? null : field} />
        ),
      )}
    </fieldset>
  )
}

type SecretState = 'new' | 'kept' | 'again' | 'againIfWanted'

/** What holds for a secret that is left empty. */
function stateOf(field: Single, stored: StoredSettings | null, moved: boolean): SecretState {
  if (!isSecretSet(field, stored)) return 'new'
  if (!moved || field.isDestination) return 'kept'
  return field.isRequired ? 'again' : 'againIfWanted'
}

interface FieldProps {
  readonly place: Place
  readonly field: Single
  /** The group that may be left out with all that is in it. */
  readonly group: Grouped | null
}

function Field({ place: { port, adapterId, stored, fixed, moved }, field: declared, group }: FieldProps) {
  const { t } = useTranslation()
  const texts = useAdapterTexts(port)
  const secret = stateOf(declared, stored, moved)
  const isKept = secret === 'kept'
  const isFixed = fixed.includes(declared.path[0] ?? '')
  const field: Single = isKept ? { ...declared, isRequired: false } : declared
  const rules = useRules(field, group)
  const help = useHelp({ field, secret, isFixed, help: texts.helpOf(adapterId, field.path, field.description) })
  const label = texts.labelOf(adapterId, field.path)
  const isOptional = !field.isRequired && !isKept && field.kind !== 'boolean' && field.preset === undefined
  const siblings = group === null ? [] : group.fields.map(({ path }) => [CONFIG, ...path])
  return (
    <Form.Item
      name={[CONFIG, ...field.path]}
      label={
        <>
          {label}
          {isOptional && group === null && <span className="muted adapter-optional">{t('fields.optional')}</span>}
        </>
      }
      {...(help !== null && { extra: help })}
      initialValue={startValueOf(field, stored)}
      valuePropName={field.kind === 'boolean' ? 'checked' : 'value'}
      dependencies={siblings}
      rules={rules}
    >
      {controlOf(field, isFixed, (value) => texts.choiceOf(adapterId, value))}
    </Form.Item>
  )
}

const SECRET_HELP = {
  new: 'fields.secretHelp',
  kept: 'fields.secretKept',
  again: 'fields.secretAgain',
  againIfWanted: 'fields.secretAgainIfWanted',
} as const satisfies Record<SecretState, string>

interface HelpParts {
  readonly field: Single
  readonly secret: SecretState
  readonly isFixed: boolean
  readonly help: string | null
}

/** Null: there is nothing to say. */
function useHelp({ field, secret, isFixed, help }: HelpParts): string | null {
  const { t } = useTranslation()
  const parts = [
    help,
    isFixed ? t('fields.fixed') : null,
    field.kind === 'list' ? t('fields.oneEachLine') : null,
    field.kind === 'secret' ? t(SECRET_HELP[secret]) : null,
  ].filter((part) => part !== null)
  return parts.length === 0 ? null : parts.join(currentLanguage() === 'zh' ? '' : ' ')
}

function controlOf(field: Single, disabled: boolean, labelOf: (value: string) => string): ReactNode {
  switch (field.kind) {
    case 'boolean':
      return <Switch disabled={disabled} />
    case 'number':
      return <InputNumber disabled={disabled} {...(field.isInteger && { precision: 0 })} className="adapter-number" />
    case 'choice':
      return (
        <Select
          disabled={disabled}
          options={field.options.map((value) => ({ value, label: labelOf(value) }))}
          allowClear={!field.isRequired}
        />
      )
    case 'list':
      return <Input.TextArea disabled={disabled} rows={LIST_ROWS} spellCheck={false} className="mono" />
    case 'secret':
      return field.isLong ? (
        <Input.TextArea disabled={disabled} rows={LONG_ROWS} spellCheck={false} autoComplete="off" className="mono" />
      ) : (
        <Input.Password disabled={disabled} autoComplete="new-password" spellCheck={false} />
      )
    case 'text':
      return field.isLong ? (
        <Input.TextArea disabled={disabled} rows={LONG_ROWS} spellCheck={false} className="mono" />
      ) : (
        <Input
          disabled={disabled}
          autoComplete="off"
          spellCheck={false}
          {...(field.maxLength !== null && { maxLength: field.maxLength })}
        />
      )
  }
}

/** What can be judged here; the rest the service says, beside the field too. */
function useRules(field: Single, group: Grouped | null): Rule[] {
  const { t } = useTranslation()
  const rules = group === null ? [] : inGroup(field, group, t('fields.required'))
  if (field.isRequired && group === null) rules.push({ required: true, message: t('fields.required') })
  if (field.kind === 'number') {
    const { minimum, maximum } = field
    const isRange = minimum !== null && maximum !== null
    rules.push({
      type: 'number',
      message: isRange ? t('fields.badRange', { from: minimum, to: maximum }) : t('fields.badNumber'),
      ...(minimum !== null && { min: minimum }),
      ...(maximum !== null && { max: maximum }),
    })
  }
  if (field.kind === 'text' || field.kind === 'secret') {
    const { format, pattern } = field
    if (format === 'uri') rules.push({ pattern: URL_PATTERN, message: t('fields.badUrl') })
    else if (format === 'email') rules.push({ pattern: EMAIL_PATTERN, message: t('fields.badEmail') })
    else if (pattern !== null) rules.push({ pattern: new RegExp(pattern), message: t('fields.badPattern'), transform: trimmed })
  }
  return rules
}

/** Wanted when something of its group is filled in. */
function inGroup(field: Single, group: Grouped, message: string): Rule[] {
  if (!field.isRequired) return []
  return [
    ({ getFieldValue }) => ({
      validator: (_rule, value: unknown) =>
        isGiven(field, value) || !group.fields.some((each) => isGiven(each, getFieldValue([CONFIG, ...each.path])))
          ? Promise.resolve()
          : Promise.reject(new Error(message)),
    }),
  ]
}

const trimmed = (value: unknown): unknown => (typeof value === 'string' ? value.trim() : value)
