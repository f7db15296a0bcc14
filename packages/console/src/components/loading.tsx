/**
 * Something is on its way.
 *
 * @module
 */
import Spin from 'antd/es/spin'
import { useTranslation } from 'react-i18next'

export function Loading() {
  const { t } = useTranslation()
  return (
    <div className="loading" role="status" aria-label={t('shell.loading')}>
      <Spin />
    </div>
  )
}
