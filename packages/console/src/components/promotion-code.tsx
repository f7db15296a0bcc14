/**
 * The code that a buyer was given: asked for by itself, so that no quote is asked for with half of one.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import type { TFunction } from 'i18next'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import { joinSentences } from './join-list.ts'
import './promotion-code.css'

const MAX_CODE = 32
const REASONS = [
  'unknown',
  'notStarted',
  'over',
  'usedUp',
  'otherProduct',
  'otherTerm',
  'otherCurrency',
  'nothingToTakeOff',
] as const

interface PromotionCodeProps {
  /** What the quote failed with; what it says of the code is shown here. */
  readonly error: unknown
  /** Undefined: none. */
  readonly onUse: (code: string | undefined) => void
}

export function PromotionCode({ error, onUse }: PromotionCodeProps) {
  const { t } = useTranslation()
  const id = useId()
  const [text, setText] = useState('')
  const use = (): void => onUse(text.trim() === '' ? undefined : text.trim())
  return (
    <Form.Item
      label={t('promotions.haveCode')}
      htmlFor={id}
      {...(isOfCode(error) && {
        validateStatus: 'error' as const,
        help: joinSentences([reasonOf(error, t), t('promotions.codeRemedy')]),
      })}
    >
      <div className="promotion-code">
        <Input
          id={id}
          value={text}
          maxLength={MAX_CODE}
          autoComplete="off"
          spellCheck={false}
          className="mono"
          onChange={(event) => setText(event.target.value.toUpperCase())}
          onPressEnter={(event) => {
            event.preventDefault()
            use()
          }}
        />
        <Button onClick={use}>{t('promotions.useCode')}</Button>
      </div>
    </Form.Item>
  )
}

/** Why the service refused it; one that is newer than this page is said in general. */
function reasonOf({ problem: { facts, cause } }: ApiProblem, t: TFunction): string {
  const reason = REASONS.find((each) => each === facts['reason'])
  return reason === undefined ? pick(cause) : t(`promotions.reasons.${reason}`)
}

/** Whether the code is what was refused. */
export function isOfCode(error: unknown): error is ApiProblem {
  return error instanceof ApiProblem && error.problem.code === 'promotionNotApplicable'
}
