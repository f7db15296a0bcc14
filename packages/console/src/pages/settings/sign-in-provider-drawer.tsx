/**
 * Connecting a provider of single sign-on, or changing it.
 *
 * @module
 */
import type { ProviderSecondFactor, SignInProviderView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Checkbox from 'antd/es/checkbox'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import { useTranslation } from 'react-i18next'
import { labelled } from '../../components/join-list.ts'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { IdField } from '../../components/id-field.tsx'
import type { Editing } from '../../components/use-editing.ts'

interface Values {
  readonly id?: string
  readonly title: string
  readonly issuer?: string
  readonly clientId: string
  readonly clientSecret?: string
  /** With commas or spaces between. */
  readonly allowedDomains: string
  readonly newUsers: boolean
  readonly secondFactor: ProviderSecondFactor
  /** With commas or spaces between. */
  readonly requiredAcr?: string
}

interface SignInProviderDrawerProps {
  readonly editing: Editing<SignInProviderView>
  readonly onDone: (title: string) => void
}

export function SignInProviderDrawer({ editing: { row, isOpen, close }, onDone }: SignInProviderDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (values: Values) => send(row, values),
    onSuccess: async ({ title }) => {
      await queries.invalidateQueries({ queryKey: keys.signInProviders })
      onDone(title)
    },
  })
  const required = { required: true, whitespace: true, message: t('fields.required') }
  return (
    <FormDrawer<Values>
      form={form}
      title={row === null ? t('singleSignOn.connect') : t('singleSignOn.change', { title: row.title })}
      intro={row === null ? t('singleSignOn.connectIntro') : t('singleSignOn.changeIntro')}
      submit={row === null ? t('singleSignOn.connect') : t('fields.save')}
      isOpen={isOpen}
      isPending={save.isPending}
      error={needsFresh(save.error) ? null : save.error}
      initialValues={
        row === null
          ? { newUsers: false, secondFactor: 'asked' }
          : { ...row, allowedDomains: row.allowedDomains.join(', '), requiredAcr: row.requiredAcr.join(', '), clientSecret: '' }
      }
      onSubmit={(values) => save.mutate(values)}
      onClose={close}
    >
      <Form.Item name="title" label={t('singleSignOn.name')} extra={t('singleSignOn.nameHelp')} rules={[required]}>
        <Input maxLength={64} autoComplete="off" />
      </Form.Item>
      {row === null && (
        <>
          <IdField />
          <NewIdHelp />
          <Form.Item name="issuer" label={t('singleSignOn.issuer')} extra={t('singleSignOn.issuerHelp')} rules={[required]}>
            <Input type="url" maxLength={512} autoComplete="off" spellCheck={false} className="mono" />
          </Form.Item>
        </>
      )}
      <Form.Item name="clientId" label={t('singleSignOn.clientId')} rules={[required]}>
        <Input maxLength={512} autoComplete="off" spellCheck={false} className="mono" />
      </Form.Item>
      <Form.Item
        name="clientSecret"
        label={t('singleSignOn.clientSecret')}
        extra={row === null ? t('singleSignOn.secretHelp') : t('singleSignOn.secretKept')}
        rules={row === null ? [required] : []}
      >
        <Input.Password maxLength={1024} autoComplete="new-password" />
      </Form.Item>
      <Form.Item name="allowedDomains" label={t('singleSignOn.domains')} extra={t('singleSignOn.domainsHelp')} rules={[required]}>
        <Input autoComplete="off" spellCheck={false} placeholder="example.com" />
      </Form.Item>
      <Form.Item name="newUsers" valuePropName="checked" extra={t('singleSignOn.newUsersHelp')}>
        <Checkbox>{t('singleSignOn.newUsers')}</Checkbox>
      </Form.Item>
      <SecondFactorFields />
      {needsFresh(save.error) && <FreshDialog purpose="goOn" onConfirmed={() => form.submit()} onClose={save.reset} />}
    </FormDrawer>
  )
}

function SecondFactorFields() {
  const { t } = useTranslation()
  const isTrusted = Form.useWatch<string | undefined>('secondFactor') === 'trusted'
  return (
    <>
      <Form.Item name="secondFactor" label={t('singleSignOn.secondFactor')} extra={t('singleSignOn.secondFactorHelp')}>
        <Radio.Group
          options={(['asked', 'trusted'] as const).map((value) => ({
            value,
            label: t(`singleSignOn.secondFactorWays.${value}`),
          }))}
        />
      </Form.Item>
      {isTrusted && (
        <Form.Item name="requiredAcr" label={t('singleSignOn.requiredAcr')} extra={t('singleSignOn.requiredAcrHelp')}>
          <Input autoComplete="off" spellCheck={false} className="mono" />
        </Form.Item>
      )}
    </>
  )
}

/** Where the provider has to send people back to, which follows from the id that is being typed. */
function NewIdHelp() {
  const { t } = useTranslation()
  const id = Form.useWatch<string | undefined>('id') ?? ''
  if (id === '') return null
  return (
    <p className="muted break">
      {labelled(t('singleSignOn.redirectUrl'), '')}
      <span className="mono">{`${location.origin}/api/auth/callback/${id}`}</span>
    </p>
  )
}

function send(row: SignInProviderView | null, values: Values): Promise<SignInProviderView> {
  const { title, clientId, newUsers, secondFactor, clientSecret = '', requiredAcr = '' } = values
  const words = (text: string) => text.split(/[\s,;，；]+/).filter((word) => word !== '')
  const settings = {
    title,
    clientId,
    newUsers,
    secondFactor,
    allowedDomains: words(values.allowedDomains),
    requiredAcr: words(requiredAcr),
  }
  return row === null
    ? api.signInProviders.create({ ...settings, id: values.id ?? '', issuer: (values.issuer ?? '').trim(), clientSecret })
    : api.signInProviders.update({ ...settings, id: row.id, ...(clientSecret !== '' && { clientSecret }) })
}
