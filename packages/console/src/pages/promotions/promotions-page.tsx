/**
 * What takes something off prices: the operator adds, bounds and withdraws it.
 *
 * @module
 */
import type { ProductView, PromotionView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { joinList } from '../../components/join-list.ts'
import { formatMoney } from '../../components/money.ts'
import { Moment } from '../../components/moment.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { RecordPage } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { Mark, type Tone } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { pick } from '../../i18n/i18n.ts'
import { CatalogueTabs } from '../products/catalogue-tabs.tsx'
import { examplePrices } from './example-prices.ts'
import { Examples } from './examples.tsx'
import { PromotionDrawer } from './promotion-drawer.tsx'

const TONES: Readonly<Record<PromotionView['state'], Tone>> = {
  upcoming: 'todo',
  running: 'good',
  usedUp: 'ended',
  over: 'ended',
  withdrawn: 'ended',
}

export function PromotionsPage() {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const editing = useEditing<PromotionView>()
  const promotions = useQuery({ queryKey: keys.promotions, queryFn: () => api.promotions.list(), enabled: isOperator })
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const sold = products.data?.items ?? []
  const columns = useColumns(sold, editing.open)
  if (!isOperator) return <PageHead title={t('promotions.title')} intro={t('fields.operatorAlone')} />
  return (
    <RecordPage
      title={t('promotions.title')}
      intro={t('promotions.intro')}
      actions={
        <Button type="primary" onClick={() => editing.open(null)}>
          {t('promotions.add')}
        </Button>
      }
      tabs={<CatalogueTabs />}
      done={editing.done}
      query={promotions}
      columns={columns}
      rowKey={({ id }) => id}
      empty={{ title: t('promotions.emptyTitle'), text: t('promotions.emptyText') }}
    >
      <PromotionDrawer key={editing.key} promotion={editing.row} products={sold} {...editing.drawer} />
    </RecordPage>
  )
}

function useColumns(
  products: readonly ProductView[],
  onEdit: (promotion: PromotionView) => void,
): readonly Column<PromotionView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'promotion',
      title: t('promotions.promotion'),
      render: ({ title, code, off }) => (
        <>
          <div className="record-name">{pick(title)}</div>
          <div>
            {off.kind === 'percent'
              ? t('promotions.offPercent', { percent: off.percent })
              : t('promotions.offAmount', { amount: formatMoney(off.amount) })}
          </div>
          {code === null ? <div className="muted">{t('promotions.byItself')}</div> : <div className="mono break">{code}</div>}
        </>
      ),
    },
    { key: 'reach', title: t('promotions.reach'), render: (promotion) => <Reach promotion={promotion} products={products} /> },
    {
      key: 'example',
      title: t('promotions.example'),
      render: (promotion) => {
        const prices = examplePrices(products, promotion, 1)
        return prices.length === 0 ? t('promotions.exampleNone') : <Examples prices={prices} />
      },
    },
    { key: 'time', title: t('promotions.time'), render: (promotion) => <Period promotion={promotion} /> },
    {
      key: 'uses',
      title: t('promotions.uses'),
      render: ({ uses, maxUses }) => (
        <span className="number">{maxUses === null ? uses : t('promotions.usesOf', { uses, all: maxUses })}</span>
      ),
    },
    {
      key: 'state',
      title: t('products.state'),
      render: ({ state }) => <Mark tone={TONES[state]}>{t(`promotions.states.${state}`)}</Mark>,
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (promotion) =>
        promotion.state !== 'withdrawn' && (
          <>
            <Action label={t('fields.edit')} of={pick(promotion.title)} onClick={() => onEdit(promotion)} />
            <Withdraw promotion={promotion} />
          </>
        ),
    },
  ]
}

interface ReachProps {
  readonly promotion: PromotionView
  readonly products: readonly ProductView[]
}

function Reach({ promotion: { productIds, termYears }, products }: ReachProps) {
  const { t } = useTranslation()
  const nameOf = (id: string): string => {
    const product = products.find((each) => each.id === id)
    return product === undefined ? id : pick(product.title)
  }
  return (
    <>
      <div className="break">{productIds === null ? t('promotions.allProducts') : joinList(productIds.map(nameOf))}</div>
      <div className="muted">
        {termYears === null ? t('promotions.allTerms') : joinList(termYears.map((years) => t('terms.years', { count: years })))}
      </div>
    </>
  )
}

function Period({ promotion: { startsAt, endsAt } }: { readonly promotion: PromotionView }) {
  const { t } = useTranslation()
  return (
    <>
      <div>
        {t('promotions.from')} <Moment at={startsAt} precision="day" />
      </div>
      {endsAt === null ? (
        <div className="muted">{t('promotions.noEnd')}</div>
      ) : (
        <div>
          {t('promotions.through')} <Moment at={new Date(Date.parse(endsAt) - 1).toISOString()} precision="day" />
        </div>
      )}
    </>
  )
}

function Withdraw({ promotion: { id, title } }: { readonly promotion: PromotionView }) {
  const { t } = useTranslation()
  return (
    <ConfirmedAction
      label={t('promotions.withdraw')}
      of={pick(title)}
      title={t('promotions.withdrawTitle', { title: pick(title) })}
      text={t('promotions.withdrawText')}
      act={() => api.promotions.withdraw({ id })}
      changes={keys.promotions}
    />
  )
}
