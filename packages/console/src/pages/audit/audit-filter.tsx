/**
 * What the log is searched by.
 *
 * @module
 */
import { auditOutcome, type AuditOutcome } from '@evercert/contract'
import Button from 'antd/es/button'
import Checkbox from 'antd/es/checkbox'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditSearch } from './audit-query.ts'
import { ACTION_GROUPS } from './action-groups.ts'
import { groupWord, STATE_SUBJECTS, subjectWord } from './audit-words.ts'

interface AuditFilterProps {
  readonly search: AuditSearch
  readonly isOperator: boolean
  readonly onSearch: (search: AuditSearch) => void
}

const MAX_TEXT = 128

export function AuditFilter({ search, isOperator, onSearch }: AuditFilterProps) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(search)
  const change = (part: Partial<AuditSearch>): void => setDraft((before) => ({ ...before, ...part }))
  return (
    <search>
      <form
        className="audit-filter"
        onSubmit={(event) => {
          event.preventDefault()
          onSearch(draft)
        }}
      >
        <Text
          id="audit-actor"
          label={t('audit.who')}
          value={draft.actor}
          hint={t('audit.whoHint')}
          onChange={(actor) => change({ actor })}
        />
        <What value={draft.action} onChange={(action) => change({ action })} />
        <Text
          id="audit-subject"
          label={t('audit.concerns')}
          value={draft.subjectId}
          hint={t('audit.concernsHint')}
          onChange={(subjectId) => change({ subjectId })}
        />
        <div>
          <label htmlFor="audit-outcome">{t('audit.outcome')}</label>
          <Select<AuditOutcome>
            id="audit-outcome"
            allowClear
            placeholder={t('audit.any')}
            {...(draft.outcome !== undefined && { value: draft.outcome })}
            options={auditOutcome.options.map((value) => ({ value, label: t(`audit.outcomes.${value}`) }))}
            onChange={(outcome: AuditOutcome | undefined) => change({ outcome })}
          />
        </div>
        <Text id="audit-from" type="date" label={t('audit.fromDay')} value={draft.from} onChange={(from) => change({ from })} />
        <Text id="audit-to" type="date" label={t('audit.toDay')} value={draft.to} onChange={(to) => change({ to })} />
        {isOperator && (
          <Checkbox checked={draft.installation === true} onChange={(event) => change({ installation: event.target.checked })}>
            {t('audit.installation')}
          </Checkbox>
        )}
        <div className="buttons">
          <Button type="primary" htmlType="submit">
            {t('audit.search')}
          </Button>
          {Object.keys(search).length > 0 && <Button onClick={() => onSearch({})}>{t('audit.all')}</Button>}
        </div>
      </form>
    </search>
  )
}

interface TextProps {
  readonly id: string
  readonly label: string
  readonly value: string | undefined
  readonly type?: 'date'
  readonly hint?: string
  readonly onChange: (value: string) => void
}

function Text({ id, label, value = '', type, hint, onChange }: TextProps) {
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <Input
        id={id}
        value={value}
        maxLength={MAX_TEXT}
        {...(type !== undefined && { type })}
        {...(hint !== undefined && { placeholder: hint })}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}

function What({
  value,
  onChange,
}: {
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}) {
  const { t } = useTranslation()
  const operations = ACTION_GROUPS.map((group) => ({ value: group as string, label: groupWord(group) }))
  const states = STATE_SUBJECTS.map((subject) => ({ value: subject as string, label: subjectWord(subject) }))
  const isKnown = value === undefined || [...operations, ...states].some((option) => option.value === value)
  return (
    <div>
      <label htmlFor="audit-action">{t('audit.what')}</label>
      <Select<string>
        id="audit-action"
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        placeholder={t('audit.any')}
        {...(value !== undefined && { value })}
        options={[
          ...(isKnown ? [] : [{ value, label: value }]),
          { label: t('audit.operations'), options: operations },
          { label: t('audit.states'), options: states },
        ]}
        onChange={(chosen: string | undefined) => onChange(chosen)}
      />
    </div>
  )
}
