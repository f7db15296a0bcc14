/**
 * What needs a second person in the account: read by everybody, set by owners.
 *
 * @module
 */
import type { AccountRules, MoneyView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Checkbox from 'antd/es/checkbox'
import Form from 'antd/es/form'
import TextArea from 'antd/es/input/TextArea'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMe } from '../../api/use-me.ts'
import { amountText, parseAmount } from '../../components/amount.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import './settings-page.css'

export function RulesTab() {
  const { t } = useTranslation()
  const rules = useQuery({ queryKey: keys.rules, queryFn: () => api.rules.get() })
  const { data: me } = useMe()
  const mayWrite = me?.scopes.includes('rules:write') ?? false
  return (
    <section className="panel" aria-label={t('approvals.rules')}>
      <p className="muted">{t('approvals.rulesIntro')}</p>
      {rules.isPending && <Loading />}
      <ProblemNotice error={rules.error} onRetry={() => void rules.refetch()} />
      {me !== undefined && !mayWrite && <Alert type="info" showIcon role="none" title={t('approvals.rulesReadOnly')} />}
      {rules.data !== undefined && me !== undefined && <RulesForm rules={rules.data} mayWrite={mayWrite} />}
    </section>
  )
}

interface Values {
  readonly isLimited: boolean
  readonly limits: string
  readonly revocation: boolean
  readonly keyDownload: boolean
  readonly tokensMayDownloadKeys: boolean
}

function RulesForm({ rules, mayWrite }: { readonly rules: AccountRules; readonly mayWrite: boolean }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [form] = Form.useForm<Values>()
  const [isSaved, setSaved] = useState(false)
  const isLimited = Form.useWatch('isLimited', form) ?? rules.spendingLimits !== null
  const save = useMutation({
    mutationFn: (values: Values) => api.rules.set(toRules(values)),
    onMutate: () => setSaved(false),
    onSuccess: (saved) => {
      queries.setQueryData(keys.rules, saved)
      setSaved(true)
    },
    onError: () => queries.invalidateQueries({ queryKey: keys.approvals }),
  })
  return (
    <Form<Values>
      form={form}
      className="rules"
      layout="vertical"
      disabled={!mayWrite || save.isPending}
      initialValues={toValues(rules)}
      onFinish={(values) => save.mutate({ ...toValues(rules), ...values })}
    >
      <Form.Item name="isLimited" valuePropName="checked" noStyle>
        <Checkbox>{t('approvals.limitSpending')}</Checkbox>
      </Form.Item>
      {isLimited && (
        <Form.Item
          name="limits"
          label={t('approvals.limits')}
          extra={t('approvals.limitsHelp')}
          rules={[
            {
              validator: (_rule, text: string | undefined) =>
                parseLimits(text ?? '') === null ? Promise.reject(new Error(t('approvals.badLimits'))) : Promise.resolve(),
            },
          ]}
        >
          <TextArea rows={3} maxLength={400} />
        </Form.Item>
      )}
      {(['revocation', 'keyDownload', 'tokensMayDownloadKeys'] as const).map((name) => (
        <Form.Item key={name} name={name} valuePropName="checked" className="rule">
          <Checkbox>{t(name === 'tokensMayDownloadKeys' ? 'approvals.tokenKeys' : `approvals.${name}`)}</Checkbox>
        </Form.Item>
      ))}
      <ProblemNotice error={needsFresh(save.error) ? null : save.error} />
      {needsFresh(save.error) && <FreshDialog purpose="goOn" onConfirmed={() => form.submit()} onClose={save.reset} />}
      <DoneNotice title={isSaved ? t('approvals.rulesSaved') : null} />
      {mayWrite && (
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {t('approvals.saveRules')}
        </Button>
      )}
    </Form>
  )
}

function toValues({ spendingLimits, ...others }: AccountRules): Values {
  const limits = (spendingLimits ?? []).map(({ amountMinor, currency }) => `${amountText(amountMinor, currency)} ${currency}`)
  return { ...others, isLimited: spendingLimits !== null, limits: limits.join('\n') }
}

function toRules({ isLimited, limits, ...others }: Values): AccountRules {
  return { ...others, spendingLimits: isLimited ? parseLimits(limits) : null }
}

/** Null: not one amount on each line, or a currency twice. */
function parseLimits(text: string): MoneyView[] | null {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const limits = lines.map((line) => {
    const [, amount = '', currency = ''] = /^\s*([\d.,]+)\s*([A-Za-z]{3})\s*$/.exec(line) ?? []
    return { amountMinor: parseAmount(amount, currency.toUpperCase()), currency: currency.toUpperCase() }
  })
  const isGood = limits.length > 0 && new Set(limits.map(({ currency }) => currency)).size === limits.length
  const parsed = limits.flatMap(({ amountMinor, currency }) => (amountMinor === null ? [] : [{ amountMinor, currency }]))
  return isGood && parsed.length === limits.length ? parsed : null
}
