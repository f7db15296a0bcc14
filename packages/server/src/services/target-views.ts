/**
 * Targets as the API shows them, with their latest deployment.
 *
 * @module
 */
import { isProblemCode, PROBLEM_TEXTS, type TargetView } from '@evercert/contract'
import { sql } from 'kysely'
import type { DeploymentState } from '../domain/deployment/deployment-machine.ts'
import { seenBy } from './access/narrowing.ts'
import { LIVE_LOG } from './agents/live-lines.ts'
import type { Caller, Services } from './context.ts'
import { isNameOf, nameServed } from './served-name.ts'

/** Nothing is late yet: it is given up when its time is over. */
const WITH_AGENT = {
  cause: {
    en: 'The work is being done by the agent on the host, or waits until the agent asks for it.',
    zh: '主机上的代理正在执行该任务，或将在下次连接时领取。',
  },
  remedy: {
    en: 'If the agent was not seen of late, start evercert-agent on the host and see that it reaches this service.',
    zh: '如代理长时间未连接，请在主机上启动 evercert-agent 并确认其能访问本系统。',
  },
}

function adviceOf(code: string | null, state: string): NonNullable<TargetView['deployment']>['advice'] {
  if (code === 'agentAway' && state === 'planned') return { code, ...WITH_AGENT }
  return code === null || !isProblemCode(code) ? null : { code, ...PROBLEM_TEXTS[code] }
}

/** Installed, and nobody looks: it stays so until somebody says where. */
const UNPROVABLE = {
  en: 'Nothing can prove that it is served: the certificate has no endpoint, and the target no address of its own; add an endpoint, or give the target its address.',
  zh: '无法证明该证书已生效：证书没有站点，部署目标也没有自己的地址；请添加站点，或为部署目标设置地址。',
}

/** The same for a target of a single name: what other names serve tells nothing of it. */
function unprovableName(name: string): typeof UNPROVABLE {
  const example = name.startsWith('.') ? `*${name}` : name
  return {
    en: `Nothing can prove that ${example} serves it: no endpoint of the certificate has this name, and the target no address of its own; add an endpoint for ${example}, or give the target its address.`,
    zh: `无法证明 ${example} 已启用该证书：证书没有此域名的站点，部署目标也没有自己的地址；请为 ${example} 添加站点，或为部署目标设置地址。`,
  }
}

/** It is not touched before that one is proved. */
function waitsFor(canary: string, state: DeploymentState | null): typeof UNPROVABLE {
  const isOut = state === 'failed' || state === 'rolledBack'
  return {
    en: `It is left as it is until the canary ${canary} is proved${isOut ? ', which failed: mend that target and deploy to it again' : ''}.`,
    zh: `在金丝雀目标 ${canary} 得到验证之前保持不变${isOut ? '；该目标部署失败，请排除原因后重新部署' : ''}。`,
  }
}

/** The first canary that a planned one waits for, and how that one stands. */
const AWAITED = sql<{ readonly name: string; readonly state: DeploymentState | null } | null>`(
  select jsonb_build_object('name', t.name, 'state', d.state) from target t
  left join deployment d on d.account_id = t.account_id and d.target_id = t.id and d.issuance_id = deployment.issuance_id
  where deployment.state in ('planned', 'failed') and not target.canary and t.account_id = target.account_id
    and t.certificate_id = target.certificate_id and t.canary and d.state is distinct from 'proved'
  order by t.id limit 1)`

const MAY_BE_LOOKED_FOR = sql<boolean>`deployment.state = 'applied' and target.probe_host is null
  and exists (select from certificate c where c.id = target.certificate_id and c.closed_as is null and c.revoked_at is null)`

const ENDPOINT_NAMES = sql<readonly string[] | null>`(select array_agg(distinct n.name) from endpoint e
  cross join lateral (values (e.host), (e.server_name)) as n (name)
  where e.account_id = target.account_id and e.certificate_id = target.certificate_id)`

interface LookedFor {
  readonly id: string
  readonly kind: string
  readonly config_secret_id: string
}

/** Those that no endpoint can prove, with why. One statement more when something was applied that has no address of its own; settings are opened of those alone that serve a single name. */
async function findUnprovable(
  services: Pick<Services, 'db' | 'adapters' | 'vault'>,
  accountId: string,
  applied: readonly LookedFor[],
): Promise<ReadonlyMap<string, typeof UNPROVABLE>> {
  const found = new Map<string, typeof UNPROVABLE>()
  if (applied.length === 0) return found
  const rows = await services.db
    .selectFrom('target')
    .select(['target.id', ENDPOINT_NAMES.as('names')])
    .where('target.account_id', '=', accountId)
    .where(
      'target.id',
      'in',
      applied.map(({ id }) => id),
    )
    .execute()
  const namesOf = new Map(rows.map(({ id, names }) => [id, names ?? []]))
  for (const { id, kind, config_secret_id: secretId } of applied) {
    const names = namesOf.get(id) ?? []
    // Settings that cannot be opened now keep nobody from the list.
    const served = names.length === 0 ? null : await nameServed(services, kind, secretId).catch(() => null)
    if (names.length === 0) found.set(id, UNPROVABLE)
    else if (served !== null && !names.some((name) => isNameOf(served, name))) found.set(id, unprovableName(served))
  }
  return found
}

interface UnderWayFacts {
  readonly state: string | null
  readonly check_at: Date | null
  readonly restore_reason: string | null
}

/** More lines may come by themselves. */
function isUnderWay({ state, check_at, restore_reason }: UnderWayFacts): boolean {
  return state === 'planned' || (state === 'applied' && (check_at !== null || restore_reason !== null))
}

/** Of one that failed: others are looked after without it. */
function retryAtOf({ state, retry_at: at }: { readonly state: string | null; readonly retry_at: Date | null }): string | null {
  return at !== null && (state === 'failed' || state === 'rolledBack') ? at.toISOString() : null
}

/** Targets with their latest deployment, of one certificate or of all. */
export async function listTargetViews(
  services: Pick<Services, 'db' | 'adapters' | 'vault'>,
  caller: Caller,
  certificateId: string | null,
  targetId: string | null = null,
): Promise<TargetView[]> {
  const rows = await loadRows(services.db, caller, certificateId, targetId)
  const unprovable = await findUnprovable(
    services,
    caller.accountId,
    rows.filter((row) => row.may_be_looked_for),
  )
  return rows.map((row) => ({
    id: row.id,
    certificateId: row.certificate_id,
    name: row.name,
    kind: row.kind,
    canary: row.canary,
    probe:
      row.probe_host === null || row.probe_port === null || row.probe_server_name === null
        ? null
        : {
            host: row.probe_host,
            port: row.probe_port,
            serverName: row.probe_server_name,
            protocol: row.probe_protocol ?? 'tls',
          },
    deployment:
      row.deployment_id === null || row.sha256 === null || row.state === null || row.updated_at === null
        ? null
        : {
            id: row.deployment_id,
            issuanceSha256: row.sha256,
            state: row.state,
            underWay: isUnderWay(row),
            log: [...(row.log ?? []), ...(row.live_log ?? [])],
            problem: row.problem,
            advice: adviceOf(row.problem_code, row.state),
            warning: row.tidy_problem,
            unprovable: row.awaited === null ? (unprovable.get(row.id) ?? null) : waitsFor(row.awaited.name, row.awaited.state),
            retryAt: retryAtOf(row),
            updatedAt: row.updated_at.toISOString(),
          },
  }))
}

function loadRows(db: Services['db'], caller: Caller, certificateId: string | null, targetId: string | null) {
  let query = db
    .selectFrom('target')
    .leftJoin('deployment', (join) =>
      join.onRef('deployment.target_id', '=', 'target.id').on('deployment.id', '=', (latest) =>
        latest
          .selectFrom('deployment as newer')
          .select((builder) => builder.fn.max('newer.id').as('id'))
          .whereRef('newer.target_id', '=', 'target.id'),
      ),
    )
    .leftJoin('issuance', 'issuance.id', 'deployment.issuance_id')
    .select([
      'target.id',
      'target.certificate_id',
      'target.name',
      'target.kind',
      'target.canary',
      'target.probe_host',
      'target.probe_port',
      'target.probe_server_name',
      'target.probe_protocol',
      'deployment.id as deployment_id',
      'deployment.state',
      'deployment.check_at',
      'deployment.restore_reason',
      'deployment.log',
      LIVE_LOG.as('live_log'),
      'deployment.problem',
      'deployment.problem_code',
      'deployment.retry_at',
      'deployment.updated_at',
      'deployment.tidy_problem',
      'issuance.sha256',
      'target.config_secret_id',
      MAY_BE_LOOKED_FOR.as('may_be_looked_for'),
      AWAITED.as('awaited'),
    ])
    .where('target.account_id', '=', caller.accountId)
    .where(seenBy(caller, 'target.certificate_id'))
    .orderBy('target.id')
    .limit(1000)
  if (certificateId !== null) query = query.where('target.certificate_id', '=', certificateId)
  if (targetId !== null) query = query.where('target.id', '=', targetId)
  return query.execute()
}
