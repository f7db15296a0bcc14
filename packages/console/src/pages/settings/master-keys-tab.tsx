/**
 * The master keys, for the operator: what seals, how far a rotation is, a new one, and the end of an old one. Never the keys.
 *
 * @module
 */
import type { MasterKeysView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { joinList } from '../../components/join-list.ts'
import { Moment } from '../../components/moment.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Mark, type Tone } from '../../components/status-mark.tsx'
import { CommandList } from './command-list.tsx'

/** While records are wrapped anew: some thousands a second. */
const POLL_MS = 2000

type KeyView = MasterKeysView['keys'][number]

const TONES: Readonly<Record<KeyView['state'], Tone>> = { seals: 'good', opens: 'ended', unused: 'todo' }

export function MasterKeysTab() {
  const { t } = useTranslation()
  const view = useQuery({
    queryKey: keys.masterKeys,
    queryFn: () => api.masterKeys.list(),
    refetchInterval: ({ state }) => ((state.data?.remaining ?? 0) > 0 ? POLL_MS : false),
  })
  return (
    <>
      <section className="panel" aria-label={t('installation.masterKeys')}>
        <p className="muted">{t('installation.keysIntro')}</p>
        <QueryView query={view}>{(data) => <Keys view={data} />}</QueryView>
      </section>
      <section className="panel" aria-label={t('installation.commands')}>
        <h2>{t('installation.commands')}</h2>
        <CommandList
          items={[
            { text: t('installation.keysStatusText'), command: 'evercert keys status' },
            { text: t('installation.keysRotateText'), command: 'evercert keys rotate' },
            { text: t('installation.keysRemoveText'), command: 'evercert keys remove <id>' },
          ]}
        />
      </section>
    </>
  )
}

function Keys({ view }: { readonly view: MasterKeysView }) {
  const { t } = useTranslation()
  const columns = useColumns(view)
  return (
    <>
      <Lacking view={view} />
      <Progress view={view} />
      <Rotation view={view} />
      <RecordTable label={t('installation.masterKeys')} columns={columns} rows={view.keys} rowKey={({ id }) => id} />
      <dl className="fact-list key-facts">
        <dt>{t(`installation.places.${view.kind}`)}</dt>
        <dd className="mono break">{view.place}</dd>
        <dt>{t('installation.nodes')}</dt>
        <dd>{joinList(view.nodes.map(({ node, isHere }) => (isHere ? t('installation.nodeHere', { node }) : node)))}</dd>
      </dl>
    </>
  )
}

/** Before a rotation every node has to have the key; after one, it is in trouble without it. */
function Lacking({ view: { nodes } }: { readonly view: MasterKeysView }) {
  const { t } = useTranslation()
  return nodes
    .filter(({ lacks }) => lacks.length > 0)
    .map(({ node, lacks }) => (
      <Alert
        key={node}
        className="key-warning"
        type="warning"
        showIcon
        role="none"
        title={t('installation.lacks', { node, ids: joinList(lacks) })}
        description={t('installation.lacksText')}
      />
    ))
}

function Progress({ view: { keys: all, remaining } }: { readonly view: MasterKeysView }) {
  const { t } = useTranslation()
  if (remaining === 0) return null
  const records = all.reduce((sum, key) => sum + key.records, 0)
  return (
    <div className="key-progress">
      <p role="status">{t('installation.progress', { done: records - remaining, all: records })}</p>
      <progress max={records} value={records - remaining} aria-label={t('installation.progressLabel')} />
      <p className="muted">{t('installation.progressText')}</p>
    </div>
  )
}

function Rotation({ view }: { readonly view: MasterKeysView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const [sealing, setSealing] = useState<string | null>(null)
  const rotate = useMutation({
    mutationFn: () => api.masterKeys.rotate({}),
    onSuccess: (rotated) => {
      queries.setQueryData(keys.masterKeys, rotated)
      setSealing(rotated.id)
      setOpen(false)
    },
    onError: () => queries.invalidateQueries({ queryKey: keys.masterKeys }),
  })
  const lacksNew = view.kind === 'setting' && view.keys.every(({ state }) => state !== 'unused')
  return (
    <>
      <DoneNotice title={sealing === null ? null : t('installation.rotated', { id: sealing })}>
        {t('installation.rotatedText')}
      </DoneNotice>
      {lacksNew && <Alert className="key-warning" type="info" showIcon role="none" title={t('installation.addFirst')} />}
      {view.remaining === 0 && !lacksNew && (
        <div className="panel-actions">
          <Button
            onClick={() => {
              setSealing(null)
              setOpen(true)
            }}
          >
            {t('installation.rotate')}
          </Button>
        </div>
      )}
      <ConfirmDialog
        title={t('installation.rotateTitle')}
        confirm={t('installation.rotate')}
        isDangerous={false}
        isOpen={isOpen}
        isPending={rotate.isPending}
        error={rotate.error}
        onConfirm={() => rotate.mutate()}
        onClose={() => {
          setOpen(false)
          rotate.reset()
        }}
      >
        <p>{t('installation.rotateText')}</p>
        <p>{t('installation.rotateLimits')}</p>
      </ConfirmDialog>
    </>
  )
}

function useColumns({ kind, place: anywhere, removable }: MasterKeysView): readonly Column<KeyView>[] {
  const { t } = useTranslation()
  const reasonOf = ({ id, state, records, place }: KeyView): string | null => {
    if (removable.includes(id)) return null
    if (state === 'seals') return t('installation.sealsReason')
    return state === 'unused'
      ? t('installation.unusedReason', { place: place ?? anywhere })
      : t('installation.recordsReason', { count: records })
  }
  const consequencesOf = ({ place, isOurs, isInToken }: KeyView): readonly string[] => [
    t(`installation.removeFrom.${isOurs ? 'ours' : 'others'}`, { place: place ?? anywhere }),
    isOurs && isInToken ? t('installation.removeFromToken') : t('installation.removeKeep'),
  ]
  return [
    { key: 'id', title: t('installation.masterKey'), render: ({ id }) => <span className="mono break">{id}</span> },
    {
      key: 'state',
      title: t('products.state'),
      render: ({ state }) => <Mark tone={TONES[state]}>{t(`installation.keyStates.${state}`)}</Mark>,
    },
    ...(kind === 'token'
      ? [
          {
            key: 'place',
            title: t('installation.place'),
            render: ({ place }: KeyView) => <span className="break">{place ?? t('installation.nowhere')}</span>,
          },
        ]
      : []),
    { key: 'records', title: t('installation.records'), kind: 'number', render: ({ records }) => records },
    {
      key: 'since',
      title: t('installation.since'),
      render: ({ since }) => (since === null ? '–' : <Moment at={since} />),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (key) => (
        <ConfirmedAction
          label={t('installation.remove')}
          of={key.id}
          reason={reasonOf(key)}
          title={t('installation.removeTitle', { id: key.id })}
          text={t('installation.removeText')}
          consequences={consequencesOf(key)}
          act={() => api.masterKeys.remove({ id: key.id })}
          changes={keys.masterKeys}
        />
      ),
    },
  ]
}
