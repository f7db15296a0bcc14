/**
 * `evercert targets`: where certificates are installed.
 *
 * @module
 */
import { readLogLine, type TargetView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import type { EndpointProtocol } from '@evercert/pki/probe'
import { failure } from '../failure.ts'
import { findCertificate, ofCertificate } from '../find-certificate.ts'
import { formatInstant } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { parseAddress } from '../parse-address.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { hasSettings, wrongOption, type SettingsOptions } from '../settings/given.ts'
import { readSettings } from '../settings/read-settings.ts'
import { wordFor } from '../words.ts'

export interface TargetListOptions {
  readonly certificate?: string
}

export const listTargetsCommand = listCommand({
  load: async (client, { certificate }: TargetListOptions) => ofCertificate(client, certificate, await client.targets.list()),
  none: ['No target.', '没有部署目标。'],
  format: formatTargetRows,
})

export interface AddTargetOptions extends SettingsOptions {
  readonly certificate: string
  readonly name: string
  readonly kind: string
  readonly probe?: string
  readonly serverName?: string
  readonly protocol?: EndpointProtocol
  readonly canary?: boolean
}

export async function addTargetCommand(session: Session, options: AddTargetOptions): Promise<number> {
  const probe = options.probe === undefined ? null : parseAddress('--probe', options.probe)
  const config = await readSettings(session, { port: 'deploy', kind: options.kind, options })
  const client = await session.client()
  const { id: certificateId } = await findCertificate(client, options.certificate)
  const target = await client.targets.create({
    certificateId,
    name: options.name,
    kind: options.kind,
    config,
    ...(options.canary === true && { canary: true }),
    ...(probe !== null && {
      probe: {
        host: probe.host,
        ...(probe.port !== null && { port: probe.port }),
        ...(options.serverName !== undefined && { serverName: options.serverName }),
        ...(options.protocol !== undefined && { protocol: options.protocol }),
      },
    }),
  })
  session.document(target)
  session.print(...formatTargetRows(session, [target]))
  return 0
}

export interface ChangeTargetOptions extends SettingsOptions {
  readonly name?: string
  /** `none`: no address of its own any more. */
  readonly probe?: string
  readonly serverName?: string
  readonly protocol?: EndpointProtocol
  readonly canary?: boolean
}

/** Settings and secrets that are left out stay. */
export async function changeTargetCommand(session: Session, wanted: string, options: ChangeTargetOptions): Promise<number> {
  const client = await session.client()
  const { id, kind, probe: before } = await findTarget(client, wanted)
  const { name, canary } = options
  const probe = changedProbe(options, before)
  const config = hasSettings(options)
    ? await readSettings(session, { port: 'deploy', kind, options, kept: (await client.targets.get({ id })).config })
    : null
  if (name === undefined && canary === undefined && probe === undefined && config === null) {
    throw wrongOption('--set', 'give what to change', '请提供要修改的内容')
  }
  const target = await client.targets.update({
    id,
    ...(name !== undefined && { name }),
    ...(canary !== undefined && { canary }),
    ...(probe !== undefined && { probe }),
    ...(config !== null && { config }),
  })
  session.document(target)
  session.print(...formatTargetRows(session, [target]))
  return 0
}

/** What is not named stays as it was, but the port and the name of another address. */
function changedProbe({ probe, serverName, protocol }: ChangeTargetOptions, before: TargetView['probe']) {
  if (probe === 'none') return null
  if (probe === undefined && serverName === undefined && protocol === undefined) return undefined
  const site = probe === undefined ? before : { ...parseAddress('--probe', probe), serverName: undefined }
  if (site === null) {
    const option = serverName === undefined ? '--protocol' : '--server-name'
    throw wrongOption(option, 'the target has no address: give --probe', '该目标没有地址，请提供 --probe')
  }
  const name = serverName ?? site.serverName
  const spoken = protocol ?? before?.protocol
  return {
    host: site.host,
    ...(site.port !== null && { port: site.port }),
    ...(name !== undefined && { serverName: name }),
    ...(spoken !== undefined && { protocol: spoken }),
  }
}

/** Exits with 1 when the latest deployment has a problem. */
export async function logTargetCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const target = await findTarget(client, wanted)
  session.document(target)
  const { deployment } = target
  if (deployment === null) {
    session.print(session.say('Nothing was deployed there yet.', '尚未部署。'))
    return 0
  }
  for (const line of deployment.log) {
    const { at, text } = readLogLine(line)
    session.print(clean(at === null ? line : `${at} ${session.say(text.en, text.zh)}`))
  }
  if (deployment.problem !== null) session.print(session.paint('red', clean(deployment.problem)))
  if (deployment.advice !== null) {
    const { cause, remedy } = deployment.advice
    session.print(session.say(cause.en, cause.zh), session.say(remedy.en, remedy.zh))
  }
  session.print(...formatWarnings(session, [target]))
  return deployment.problem === null ? 0 : 1
}

export async function deployTargetCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id } = await findTarget(client, wanted)
  const target = await client.targets.deploy({ id })
  session.document(target)
  session.print(...formatTargetRows(session, [target]))
  return 0
}

export async function removeTargetCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id, name } = await findTarget(client, wanted)
  session.document(await client.targets.remove({ id }))
  session.print(session.say(`Removed the target ${name}.`, `已删除部署目标 ${name}。`))
  return 0
}

async function findTarget(client: Client, wanted: string): Promise<TargetView> {
  const { items } = await client.targets.list()
  const found = items.find(({ id, name }) => id === wanted || name === wanted)
  if (found !== undefined) return found
  throw failure('notFound', {
    en: `Looking up target ${wanted}: there is none with this name or id: see evercert targets list.`,
    zh: `查找部署目标 ${wanted}：没有此名称或编号，请查看 “evercert targets list”。`,
  })
}

/** Of deployments that are in order themselves. */
function formatWarnings({ say, paint }: Session, targets: readonly TargetView[]): string[] {
  return targets.flatMap(({ name, deployment }) => {
    const { warning = null, unprovable = null } = deployment ?? {}
    const unproved = unprovable === null ? [] : [paint('yellow', clean(`${name}: ${say(unprovable.en, unprovable.zh)}`))]
    if (warning === null) return unproved
    const left = say(
      'The earlier certificate could not be removed at the provider yet; the deployment is in order.',
      '服务商处的旧证书尚未清理；本次部署正常。',
    )
    return [...unproved, paint('yellow', clean(`${name}: ${left}`)), `  ${clean(warning)}`]
  })
}

/** One row for each: its latest deployment, and what is wrong with it. Below them, what is to be known of those that are in order. */
export function formatTargetRows(session: Session, targets: readonly TargetView[]): string[] {
  const { say, paint, columns, language } = session
  const rows = targets.map(({ name, kind, canary, deployment }) => [
    { text: canary ? `${name} ${say('(canary)', '（先行）')}` : name },
    { text: kind },
    { text: deployment === null ? '–' : wordFor('deployment', deployment.state, language) },
    { text: deployment === null ? '–' : deployment.issuanceSha256.slice(0, 16) },
    { text: deployment === null ? '–' : formatInstant(deployment.updatedAt) },
    { text: deployment?.problem ?? '' },
  ])
  const header = [say('NAME', '名称'), say('KIND', '类型'), say('STATE', '状态'), 'SHA-256', say('SINCE', '时间'), '']
  const table = formatTable(header, rows, { paint, columns, shrink: 5 }).map((line) => line.trimEnd())
  return [...table, ...formatWarnings(session, targets)]
}
