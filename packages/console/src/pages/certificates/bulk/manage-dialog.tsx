/**
 * Letting many renew by themselves (托管) within one limit for each renewal, or no more.
 *
 * @module
 */
import type { CertificateView, MoneyView, Scope } from '@evercert/contract'
import Form from 'antd/es/form'
import Radio from 'antd/es/radio'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { keys } from '../../../api/keys.ts'
import { AmountFields } from '../../../components/amount-fields.tsx'
import { parseAmount } from '../../../components/amount.ts'
import { Consequences } from '../../../components/consequences.tsx'
import { lifeReason } from '../../certificate/life-reasons.ts'
import { BulkFrame } from './bulk-frame.tsx'
import { LANES } from './in-lanes.ts'
import { toItem } from './to-item.ts'
import { useBulkRun } from './use-bulk-run.ts'

interface Values {
  readonly amount: string
  readonly currency: string
}

const DEFAULT_CURRENCY = 'CNY'

interface ManageDialogProps {
  readonly certificates: readonly CertificateView[]
  readonly scopes: readonly Scope[]
  readonly onClose: () => void
}

export function ManageDialog({ certificates, scopes, onClose }: ManageDialogProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const [isOn, setOn] = useState(true)
  /** Null: no more. Set when it is confirmed, for repetitions to do the same. */
  const limit = useRef<MoneyView | null>(null)
  const reasons = new Map(certificates.map((certificate) => [certificate.id, reasonAgainst(certificate)]))
  const fit = certificates.filter(({ id }) => reasons.get(id) === null)
  const run = useBulkRun({
    concurrency: LANES,
    work: async (batch) => {
      for (const { certificateId: id } of batch) {
        if (limit.current === null) await api.management.stop({ id })
        else await api.management.start({ id, spendingLimit: limit.current })
      }
    },
    changes: [keys.certificates],
  })
  const begin = (spendingLimit: MoneyView | null): void => {
    limit.current = spendingLimit
    run.start(fit.map(toItem))
  }
  function reasonAgainst(certificate: CertificateView): string | null {
    if (!isOn) return certificate.managed ? null : t('bulk.notManaged')
    // `managed` left out: one that is managed gets the new limit.
    const reason = lifeReason('manage', certificate, scopes)
    return reason === null ? null : t(`life.reasons.${reason}`)
  }
  return (
    <BulkFrame
      action="manage"
      title={t('bulk.manageTitle', { count: certificates.length })}
      run={run}
      leftOut={certificates.flatMap(({ id, name }) => {
        const reason = reasons.get(id) ?? null
        return reason === null ? [] : [{ certificateId: id, name, reason }]
      })}
      confirm={isOn ? t('bulk.manageConfirm', { count: fit.length }) : t('bulk.unmanageConfirm', { count: fit.length })}
      isReady={fit.length > 0}
      onConfirm={() => (isOn ? form.submit() : begin(null))}
      onClose={onClose}
    >
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ currency: DEFAULT_CURRENCY }}
        onFinish={({ amount, currency }) => begin({ amountMinor: parseAmount(amount, currency) ?? 0, currency })}
      >
        <Form.Item>
          <Radio.Group
            aria-label={t('bulk.manage')}
            value={isOn}
            onChange={(event) => setOn(event.target.value === true)}
            options={[
              { value: true, label: t('life.manage') },
              { value: false, label: t('life.unmanage') },
            ]}
          />
        </Form.Item>
        {isOn ? (
          <>
            <Consequences items={[t('life.manageIntro'), t('life.manageMoney'), t('life.manageRevoke')]} />
            <AmountFields label={t('life.limit')} help={t('life.limitHelp')} isZeroAllowed />
          </>
        ) : (
          <Consequences items={[t('life.unmanageText'), t('life.unmanageRenewal'), t('life.unmanageMoney')]} />
        )}
      </Form>
    </BulkFrame>
  )
}
