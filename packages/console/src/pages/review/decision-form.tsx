/**
 * The decision: each check by itself, what was seen, and approve, or refuse with a reason that the applicant reads.
 *
 * @module
 */
import type { ReviewCheck, ReviewDetail } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Checkbox from 'antd/es/checkbox'
import Form from 'antd/es/form'
import TextArea from 'antd/es/input/TextArea'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { joinList } from '../../components/join-list.ts'
import { Action } from '../../components/action.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import type { Said } from '../../components/said.tsx'

interface Values {
  readonly checks?: ReviewCheck[]
  readonly evidence?: string
  readonly reason?: string
}

type Decision = 'approve' | 'refuse'

interface DecisionFormProps {
  readonly review: ReviewDetail
  readonly onDecided: (result: Said) => void
}

const MAX_EVIDENCE = 8000
const MAX_REASON = 2000

export function DecisionForm({ review, onDecided }: DecisionFormProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [form] = Form.useForm<Values>()
  const decide = useMutation({
    mutationFn: (decision: Decision) => {
      const { checks = [], evidence = '', reason = '' } = form.getFieldsValue()
      const { id } = review
      return decision === 'approve'
        ? api.reviews.approve({ id, checks, evidence })
        : api.reviews.refuse({ id, checks, reason, evidence: evidence.trim() === '' ? null : evidence })
    },
    onSuccess: async (view, decision) => {
      onDecided((t) => t(decision === 'approve' ? 'reviews.approved' : 'reviews.refused'))
      queries.setQueryData([...keys.reviews, 'one', view.id], view)
      await queries.invalidateQueries({ queryKey: [...keys.reviews, 'list'] })
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
    // Somebody else decided, or it was withdrawn: show how it is now, and keep what was typed until then.
    onError: (error) => {
      if (error instanceof ApiProblem && error.problem.code === 'conflict')
        void queries.invalidateQueries({ queryKey: keys.reviews })
    },
  })
  /** Each decision wants fields of its own. */
  const submit = async (decision: Decision): Promise<void> => {
    const other = decision === 'approve' ? (['reason'] as const) : (['evidence', 'checks'] as const)
    form.setFields(other.map((name) => ({ name, errors: [] })))
    const isValid = await form.validateFields(decision === 'approve' ? ['checks', 'evidence'] : ['reason']).then(
      () => true,
      () => false,
    )
    if (isValid) decide.mutate(decision)
  }
  return (
    <section className="panel" aria-labelledby="review-decision">
      <h2 id="review-decision">{t('reviews.decision')}</h2>
      <Alert type="info" showIcon title={t('reviews.fourEyes', { name: review.submittedBy ?? t('terms.unknown') })} />
      <Form<Values> form={form} layout="vertical" disabled={decide.isPending} className="review-form">
        <DecisionFields required={review.requiredChecks} />
        <ProblemNotice error={decide.error} />
        <div className="review-buttons">
          {review.isOwn ? (
            <>
              <Action label={t('reviews.approve')} reason={t('reviews.ownReason')} />
              <Action label={t('reviews.refuse')} reason={t('reviews.ownReason')} />
            </>
          ) : (
            <>
              <Button
                type="primary"
                loading={decide.isPending && decide.variables === 'approve'}
                onClick={() => void submit('approve')}
              >
                {t('reviews.approve')}
              </Button>
              <Button danger loading={decide.isPending && decide.variables === 'refuse'} onClick={() => void submit('refuse')}>
                {t('reviews.refuse')}
              </Button>
            </>
          )}
        </div>
        <p className="muted">{t('reviews.whatHappens')}</p>
      </Form>
    </section>
  )
}

function DecisionFields({ required }: { readonly required: readonly ReviewCheck[] }) {
  const { t } = useTranslation()
  return (
    <>
      <Form.Item
        name="checks"
        label={t('reviews.checks')}
        rules={[
          {
            validator: async (_, checks: ReviewCheck[] = []) => {
              const missing = required.filter((check) => !checks.includes(check))
              if (missing.length === 0) return
              throw new Error(
                t('reviews.missingChecks', {
                  checks: joinList(missing.map((check) => t(`reviews.check.${check}`))),
                }),
              )
            },
          },
        ]}
      >
        <Checkbox.Group
          className="review-checks"
          options={required.map((value) => ({ value, label: t(`reviews.check.${value}`) }))}
        />
      </Form.Item>
      <Form.Item
        name="evidence"
        label={t('reviews.evidence')}
        required={false}
        extra={t('reviews.evidenceHelp')}
        rules={[{ required: true, whitespace: true, message: t('reviews.evidenceMissing') }]}
      >
        <TextArea rows={5} maxLength={MAX_EVIDENCE} />
      </Form.Item>
      <Form.Item
        name="reason"
        label={t('reviews.reason')}
        required={false}
        extra={t('reviews.reasonHelp')}
        rules={[{ required: true, whitespace: true, message: t('reviews.reasonMissing') }]}
      >
        <TextArea rows={3} maxLength={MAX_REASON} />
      </Form.Item>
    </>
  )
}
