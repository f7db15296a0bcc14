/**
 * Making an API token: what it may do, and until when.
 *
 * @module
 */
import { SCOPES, type Scope } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Checkbox from 'antd/es/checkbox'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'

interface Values {
  readonly name: string
  readonly scopes: Scope[]
  readonly tags?: string[]
  /** A day in this browser's time zone; the token is good until its end. */
  readonly lastDay?: string
}

export interface MadeToken {
  readonly name: string
  readonly token: string
}

interface TokenDrawerProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onMade: (made: MadeToken) => void
}

const MAX_NAME = 64

export function TokenDrawer({ isOpen, onClose, onMade }: TokenDrawerProps) {
  const { t, i18n } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: ({ name, scopes, tags = [], lastDay = '' }: Values) =>
      api.tokens.create({
        name,
        scopes,
        tags: tags.length === 0 ? null : tags,
        expiresAt: lastDay === '' ? null : new Date(`${lastDay}T23:59:59.999`).toISOString(),
      }),
    onSuccess: async ({ name, token }) => {
      onMade({ name, token })
      await queries.invalidateQueries({ queryKey: keys.tokens })
    },
  })
  const meaningOf = (scope: Scope): string => {
    const key = `settings.meanings.${scope.replace(':', '_')}`
    return i18n.exists(key) ? String(i18n.t(key as 'settings.token')) : ''
  }
  return (
    <FormDrawer<Values>
      form={form}
      title={t('settings.makeToken')}
      intro={t('settings.makeIntro')}
      submit={t('settings.makeToken')}
      isOpen={isOpen}
      isPending={make.isPending}
      error={needsFresh(make.error) ? null : make.error}
      initialValues={{ scopes: [] }}
      onSubmit={(values) => make.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="name"
        label={t('settings.name')}
        extra={t('settings.nameHelp')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="scopes"
        label={t('settings.scopes')}
        extra={t('settings.scopesHelp')}
        rules={[{ type: 'array', min: 1, message: t('settings.chooseScope') }]} // `required` would be an attribute that a group has not
      >
        <Checkbox.Group
          className="scopes"
          options={SCOPES.map((scope) => ({
            value: scope,
            label: (
              <>
                <span className="mono">{scope}</span> <span className="muted">{meaningOf(scope)}</span>
              </>
            ),
          }))}
        />
      </Form.Item>
      <Bounds />
      {needsFresh(make.error) && <FreshDialog purpose="goOn" onConfirmed={() => form.submit()} onClose={make.reset} />}
    </FormDrawer>
  )
}

/** For which certificates it is, and until when. */
function Bounds() {
  const { t } = useTranslation()
  return (
    <>
      <Form.Item
        name="tags"
        label={t('settings.onlyTags')}
        extra={t('settings.onlyTagsHelp')}
        normalize={(tags: string[]) => tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== '')}
      >
        <Select mode="tags" open={false} suffixIcon={null} maxCount={20} tokenSeparators={[',', '，']} />
      </Form.Item>
      <Form.Item
        name="lastDay"
        label={t('settings.lastDay')}
        extra={t('settings.lastDayHelp')}
        rules={[
          {
            validator: (_rule, day: string | undefined) =>
              day === undefined || day === '' || Date.parse(`${day}T23:59:59.999`) > Date.now()
                ? Promise.resolve()
                : Promise.reject(new Error(t('settings.lastDayPast'))),
          },
        ]}
      >
        <Input type="date" className="day-input" />
      </Form.Item>
    </>
  )
}
