/**
 * Adding a target to a certificate where its targets are seen, for who may.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import Button from 'antd/es/button'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../api/use-may.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { useEditing } from '../../components/use-editing.ts'

/** Forms of every kind of target. */
const TargetDrawer = lazy(async () => ({ default: (await import('../targets/target-drawer.tsx')).TargetDrawer }))

interface AddTargetProps {
  readonly certificateId: string
  /** What it is called unless somebody calls it otherwise. */
  readonly name: string
}

export function AddTarget({ certificateId, name }: AddTargetProps) {
  const { t } = useTranslation()
  const editing = useEditing<TargetView>()
  if (!useMay('installation:operate')) return null
  return (
    <>
      <Button className="add-target" onClick={() => editing.open(null)}>
        {t('targets.add')}
      </Button>
      <DoneNotice title={editing.done} />
      {editing.key > 0 && (
        <Suspense fallback={null}>
          <TargetDrawer key={editing.key} target={null} of={{ certificateId, name }} {...editing.drawer} />
        </Suspense>
      )}
    </>
  )
}
