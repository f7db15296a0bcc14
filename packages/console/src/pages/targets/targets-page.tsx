/**
 * Every target of the account with its last deployment, what failed first.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import { useAdapterTexts } from '../../components/adapter-form/use-adapter-texts.ts'
import { Action } from '../../components/action.tsx'
import { useLiveCertificate } from '../../api/use-live-certificate.ts'
import { CertificateLink } from '../../components/certificate-link.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { DeploymentLog, mayChange } from '../../components/deployment-log.tsx'
import { DeploymentProblem } from '../../components/deployment-problem.tsx'
import { Moment } from '../../components/moment.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { useShown } from '../../components/use-shown.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { deploymentTone, isDeploymentState, sortTargets, wantsPerson } from './deployment-order.ts'
import { TargetDrawer } from './target-drawer.tsx'
import './targets-page.css'

const REFRESH_MS = 15_000
/** Each listener keeps one of the six connections that a browser has to one server. */
const MAX_LIVE = 2

export function TargetsPage() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [result, say] = useSaid()
  const editing = useEditing<TargetView>()
  const mayChange = useMay('installation:operate')
  const open = (target: TargetView | null) => {
    say(null)
    editing.open(target)
  }
  const targets = useQuery({ queryKey: keys.targets, queryFn: () => api.targets.list(), refetchInterval: REFRESH_MS })
  const deploy = useMutation({
    mutationFn: ({ id }: TargetView) => api.targets.deploy({ id }),
    onMutate: () => say(null),
    onSuccess: async (_, { name }) => {
      say((t) => t('targets.deployed', { name }))
      await queries.invalidateQueries({ queryKey: keys.targets })
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  return (
    <>
      <PageHead
        title={t('targets.title')}
        intro={t('targets.intro')}
        result={result}
        actions={
          mayChange && (
            <Button type="primary" onClick={() => open(null)}>
              {t('targets.add')}
            </Button>
          )
        }
      />
      <ProblemNotice error={deploy.error} />
      <section className="panel" aria-label={t('targets.title')}>
        <QueryView query={targets}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('targets.emptyTitle')} text={t('targets.emptyText')}>
                <Link href="/">{t('shell.back')}</Link>
              </EmptyList>
            ) : (
              <TargetTable
                targets={items}
                busyId={deploy.isPending ? deploy.variables.id : null}
                onDeploy={(target) => deploy.mutate(target)}
                onChange={mayChange ? open : null}
              />
            )
          }
        </QueryView>
      </section>
      <TargetDrawer
        key={editing.key}
        target={editing.row}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onDone={(what) => {
          editing.close()
          say(what)
        }}
      />
    </>
  )
}

interface TargetTableProps {
  readonly targets: readonly TargetView[]
  readonly busyId: string | null
  readonly onDeploy: (target: TargetView) => void
  /** Null: not for this user. */
  readonly onChange: ((target: TargetView) => void) | null
}

function TargetTable({ targets, busyId, onDeploy, onChange }: TargetTableProps) {
  const { t } = useTranslation()
  const texts = useAdapterTexts('deploy')
  const lacking = useLacking('targets.deploy')
  const { rows, all, showMore } = useShown(sortTargets(targets))
  const live = [...new Set(targets.filter(mayChange).map(({ certificateId }) => certificateId))].slice(0, MAX_LIVE)
  const columns: Column<TargetView>[] = [
    {
      key: 'name',
      title: t('targets.name'),
      kind: 'name',
      render: ({ name, kind }) => (
        <>
          {name}
          <div className="muted target-kind">{texts.titleOf({ id: kind, title: kind })}</div>
        </>
      ),
    },
    {
      key: 'certificate',
      title: t('targets.certificate'),
      render: ({ certificateId }) => <CertificateLink id={certificateId} />,
    },
    { key: 'state', title: t('targets.deployment'), render: (target) => <DeploymentCell target={target} /> },
    {
      key: 'at',
      title: t('targets.at'),
      kind: 'wide',
      render: ({ deployment }) => (deployment === null ? '–' : <Moment at={deployment.updatedAt} />),
    },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (target) => (
        <>
          <Action
            label={t('targets.deploy')}
            of={target.name}
            reason={target.id === busyId ? t('targets.deploying') : wantsPerson(target) ? lacking : t('targets.deployReason')}
            onClick={() => onDeploy(target)}
          />
          <Action
            label={t('targets.change')}
            of={target.name}
            reason={onChange === null ? t('targets.operatorReason') : null}
            onClick={() => onChange?.(target)}
          />
        </>
      ),
    },
  ]
  return (
    <>
      {live.map((id) => (
        <Listener key={id} certificateId={id} />
      ))}
      <RecordTable label={t('targets.title')} columns={columns} rows={rows} rowKey={({ id }) => id} />
      <div className="records-end muted">
        <span role="status">{t('targets.shown', { count: rows.length, all })}</span>
        {showMore !== null && <Button onClick={showMore}>{t('certificates.loadMore')}</Button>}
      </div>
    </>
  )
}

/** Shows nothing: while it is there, what changes of the certificate's deployments is loaded at once. */
function Listener({ certificateId }: { readonly certificateId: string }) {
  useLiveCertificate(certificateId)
  return null
}

function DeploymentCell({ target: { name, deployment } }: { readonly target: TargetView }) {
  const { t } = useTranslation()
  if (deployment === null) return <span className="muted">{t('targets.none')}</span>
  const { state } = deployment
  return (
    <>
      <Mark tone={deploymentTone(state)}>{isDeploymentState(state) ? t(`terms.deployment.${state}`) : state}</Mark>
      <DeploymentProblem deployment={deployment} />
      <DeploymentLog deployment={deployment} of={name} />
    </>
  )
}
