/**
 * The plot: the certificate of a year ago, today's renewal, the proof. Every step has a name and its duration is shown.
 *
 * @module
 */
import type { CertificateDetail, CertificateView, QuoteView } from '@evercert/contract'
import type { HostVerification } from '@evercert/pki/probe'
import { formatDay, formatInstant, formatMoney } from '../packages/cli/src/format.ts'
import type { Say } from '../packages/cli/src/language.ts'
import type { Progress } from '../packages/cli/src/progress.ts'
import { buy, findProduct, install, issuedAtFor, obtain, waitForIssuance } from './past.ts'
import { prove, readDates, type Dates } from './proof.ts'
import { apply, findExpiring, findLinked, order, pay, quote, waitForClose, waitForInstallation } from './renewal.ts'
import type { Service } from './service.ts'
import type { Site } from './site.ts'
import { SITE_NAME, type Stage } from './stage.ts'
import type { SiteKind } from './start-site.ts'

export interface Play {
  readonly stage: Stage
  readonly progress: Progress
  readonly say: Say
  readonly site: SiteKind | null
}

export interface PlayResult {
  readonly service: Service
  readonly old: CertificateView
  /** As it is after the renewal was closed. */
  readonly fresh: CertificateDetail
  readonly verification: HostVerification
  readonly dates: Dates
  readonly rootPem: string
}

/** @throws Error or ApiProblem when a step fails; AbortError when the user breaks off */
export async function play(scene: Play): Promise<PlayResult> {
  const site = await openSite(scene)
  await actInThePast(scene, site)
  const service = await scene.progress.step(
    { name: 'start', label: scene.say('Evercert on today’s clock, same data', '按当前时间启动 Evercert，数据不变') },
    () => scene.stage.openService(0),
  )
  const { old, fresh } = await renew(scene, service)
  return { service, old, fresh, ...(await proveServed(scene, service, fresh)) }
}

function openSite({ stage, progress, say, site: kind }: Play): Promise<Site> {
  return progress.step(
    { name: 'site', label: say(`Web site ${SITE_NAME}, a process of its own`, `网站 ${SITE_NAME}（独立进程）`) },
    async () => {
      const site = await stage.openSite(kind)
      const where = stage.addresses.map((address) => (address.includes(':') ? `[${address}]` : address) + `:${stage.httpsPort}`)
      progress.note(`${site.title}, ${say('process', '进程')} ${site.pid}, ${where.join(', ')}`)
      return site
    },
  )
}

async function actInThePast(scene: Play, site: Site): Promise<void> {
  const { stage, progress, say } = scene
  const issuedAt = issuedAtFor(Date.now())
  const offsetSeconds = Math.round((issuedAt - Date.now()) / 1000)
  const { client } = await progress.step(
    {
      name: 'startEarlier',
      label: say(`Evercert on the clock of ${formatDay(issuedAt)}`, `按 ${formatDay(issuedAt)} 的时钟启动 Evercert`),
    },
    () => stage.openService(offsetSeconds),
  )
  const paid = await progress.step({ name: 'buyOld', label: say('Then: bought for a year', '当时：购买一年') }, async () =>
    buy(client, await findProduct(client)),
  )
  const old = await progress.step(
    { name: 'issueOld', label: say('Then: validated by file, issued', '当时：文件验证并签发') },
    () => obtain(client, paid.certificateId ?? '', stage.signal),
  )
  await progress.step({ name: 'installOld', label: say('Then: installed and served', '当时：安装并生效') }, () =>
    install(client, old, site, stage),
  )
  await stage.closeService()
}

async function renew(
  scene: Play,
  { client }: Service,
): Promise<{ readonly old: CertificateView; readonly fresh: CertificateDetail }> {
  const { progress, say, stage } = scene
  const old = await progress.step({ name: 'list', label: say('List: expiring soon', '列表：即将过期') }, async () => {
    const found = await findExpiring(client)
    progress.note(say(`${found.name}: ${found.daysLeft} days left`, `${found.name}：剩余 ${found.daysLeft} 天`))
    return found
  })
  await progress.step({ name: 'quote', label: say('Quote: same specification', '询价：规格相同') }, async () => {
    progress.note(...describeQuote(await quote(client, old), say))
  })
  const placed = await progress.step({ name: 'order', label: say('Order', '下单') }, () => order(client, old))
  await progress.step({ name: 'payment', label: say('Payment from the balance', '余额支付') }, () => pay(client, placed))
  const linked = await progress.step(
    { name: 'linked', label: say('New certificate under the old one', '新证书出现在旧证书之下') },
    () => findLinked(client, old),
  )
  await progress.step({ name: 'application', label: say('Prefilled application submitted', '提交预填的申请') }, () =>
    apply(client, linked, old),
  )
  const issued = await progress.step(
    { name: 'issuance', label: say('File fetched by the CA, issued with top-up', 'CA 获取验证文件，补齐天数并签发') },
    () => waitForIssuance(client, linked.id, stage.signal),
  )
  await progress.step({ name: 'installation', label: say('Installed, site reloaded', '安装并重新加载网站') }, () =>
    waitForInstallation(client, issued, stage.signal),
  )
  const fresh = await progress.step(
    { name: 'proof', label: say('Every address probed, renewal closed', '逐地址探测，续费完成') },
    () => waitForClose(client, issued, stage.signal),
  )
  return { old, fresh }
}

function describeQuote({ price, topUp }: QuoteView, say: Say): string[] {
  const until = formatInstant(topUp.entitledUntil)
  return [
    say(
      `${formatMoney(price)}, ${topUp.days} days topped up, until ${until}`,
      `${formatMoney(price)}，补齐 ${topUp.days} 天，服务期至 ${until}`,
    ),
  ]
}

async function proveServed({ stage, progress, say }: Play, { client }: Service, fresh: CertificateDetail) {
  return progress.step(
    { name: 'independentProof', label: say('Our own handshakes, without the service', '独立握手验证（不依赖服务）') },
    async () => {
      const { items } = await client.issuers.list()
      const rootPem = items.find(({ rootPem: pem, validityRule }) => pem !== null && validityRule === 'private')?.rootPem ?? ''
      const verification = await prove(stage, fresh.sha256 ?? '', rootPem)
      return { verification, rootPem, dates: readDates(stage, verification) }
    },
  )
}
