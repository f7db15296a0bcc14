/**
 * What the steps of a deployment say, in both languages. A log holds the English sentence, also of an agent that is older than the service; here it
 * is found again with its values. What a command or a provider wrote stays as it is.
 *
 * @module
 */
import type { Bilingual } from './views.ts'

export interface LogLine {
  /** ISO 8601, UTC; null: a line that a command wrote. */
  readonly at: string | null
  readonly text: Bilingual
}

/** English, Chinese. `{…}` is a value, which may be a phrase of the list itself. */
const SENTENCES: readonly (readonly [string, string])[] = [
  // Files on a host, by the service or by an agent.
  ['The files hold this pair already.', '文件中已是此证书和私钥。'],
  [
    'The files hold this pair already: reloading the server, which may not have read it.',
    '文件中已是此证书和私钥，服务器可能尚未读取，现在重新加载。',
  ],
  [
    'An earlier deployment of this pair was interrupted before its reload: finishing it.',
    '此前部署同一证书时在重新加载前中断，现在继续完成。',
  ],
  [
    'Asked for anew: the files are checked and the server is reloaded, also where it has the pair already.',
    '应要求重新部署：检查文件并重新加载服务器，即使其中已是此证书和私钥。',
  ],
  [
    'Agent {agent} found this pair in place and did not reload: site {site} has no reload command, or the agent is of an earlier version, which does not know of deploying again: install the present one on the host.',
    '代理 {agent} 发现已是此证书和私钥，未重新加载：站点 {site} 没有重新加载命令，或代理版本较旧，不支持重新部署。请在主机上安装当前版本的代理。',
  ],
  [
    'The reload cannot be noted ({why}); the next deployment may repeat it.',
    '无法记录本次重新加载（{why}），下次部署可能会再次加载。',
  ],
  ['The try before this one broke off: going on from what it left.', '上一次部署尝试中断，现从其留下的状态继续。'],
  [
    'Waiting for the host of {target}: others wait for its answer: this one follows when one of them has it.',
    '等待 {target} 所在主机：已有其他部署在等待其响应，其中之一完成后继续。',
  ],
  ['Staged {pair} in {folder}.', '已将{pair}写入 {folder}，待切换。'],
  [
    'Warning: the ACL of {path} is not kept: getfacl and setfacl are missing: install the package acl, then set it again.',
    '警告：{path} 的 ACL 未能保留：缺少 getfacl 和 setfacl，请安装 acl 软件包后重新设置。',
  ],
  [
    'Warning: whether {path} has an ACL cannot be told, and none is kept: getfacl and setfacl cannot be run there: see docs/targets.md.',
    '警告：无法得知 {path} 是否有 ACL，ACL 不会保留：那里无法运行 getfacl 和 setfacl，参见 docs/targets.md。',
  ],
  [
    'Warning: {path} may keep out some who could read the key until now: it is kept there from now on: let them enter that folder.',
    '警告：{path} 可能会挡住此前能读取私钥的用户：私钥今后存放于该处，请允许他们进入该文件夹。',
  ],
  ['Swapped in {pair} for {before}.', '已用{pair}替换{before}。'],
  ['What was there was not a matching pair; it is kept as it was.', '原有文件不是匹配的证书和私钥，已原样保留。'],
  ['Ran the test command: {ending}.', '已执行测试命令：{ending}。'],
  ['Ran the reload command: {ending}.', '已执行重新加载命令：{ending}。'],
  ['Rolled back: {restored}.', '已回滚：{restored}。'],
  ['Could not put back the previous pair.', '未能恢复原来的证书和私钥。'],
  ['Tidying up after the rollback failed ({why}).', '回滚后的清理失败（{why}）。'],
  ['Tidying up old versions failed ({why}); the next deployment does it.', '清理旧版本失败（{why}），下次部署时再清理。'],
  ['The target does not have the refused pair: nothing was changed.', '目标上没有被撤下的证书，未作更改。'],
  ['The previous pair is in place already; its reload is due.', '原来的证书和私钥已恢复，尚需重新加载。'],
  ['Removed the files: there was nothing before.', '已删除文件：此前没有任何文件。'],
  ['Put back version {version}….', '已恢复版本 {version}…。'],
  ['Put back what was there before; now {seen}.', '已恢复原来的内容，现在{seen}。'],
  ['What was there before cannot be noted: {detail}.', '无法记录部署前的状态：{detail}。'],
  // Looking before and after.
  ['Before: {site} at {address}: {seen}', '部署前：{site}（{address}）：{seen}'],
  ['Before: {site}: {seen}', '部署前：{site}：{seen}'],
  ['Before: {seen}.', '部署前：{seen}。'],
  ['After: {seen}.', '部署后：{seen}。'],
  ['After the reload: {site} at {address}: {seen}', '重新加载后：{site}（{address}）：{seen}'],
  ['After the reload: {site}: {seen}', '重新加载后：{site}：{seen}'],
  [
    'An endpoint serves the new certificate, and all that answered before still do.',
    '已有站点使用新证书，且此前有响应的站点仍全部有响应。',
  ],
  ['Its own address serves the new certificate.', '目标自身的地址已使用新证书。'],
  ['Taking the deployment back.', '正在撤回本次部署。'],
  ['The pair stays: it was there before this deployment.', '证书和私钥保留：此次部署之前就在那里。'],
  ['The pair stays: it may have been there before this deployment.', '证书和私钥保留：可能在此次部署之前就在那里。'],
  ['The new pair stays: nothing that worked before is worse.', '保留新证书：此前正常的站点没有变差。'],
  ['Taken back: {outcome}.', '已撤回：{outcome}。'],
  ['Taking back the deployment to {target} ({reason}): {why}', '正在撤回到 {target} 的部署（{reason}）：{why}'],
  // Answers that take their time.
  ['Waiting for {agent} to take the work ({seen}).', '正在等待{agent}接收任务（{seen}）。'],
  [
    'Waiting for {agent}, which took the work at {at}, to report ({seen}).',
    '{agent}已于 {at} 接收任务，正在等待其回报（{seen}）。',
  ],
  [
    'Moving resources from {from} to {to} in Tencent Cloud: under way: it is asked again in a moment.',
    '正在腾讯云将资源从 {from} 切换到 {to}，稍后再次查询。',
  ],
  // Kubernetes, clouds, webhooks.
  ['Secret {where} holds this pair already.', 'Secret {where} 中已是此证书和私钥。'],
  ['Secret {where} does not hold the refused pair: nothing was changed.', 'Secret {where} 中没有被撤下的证书，未作更改。'],
  ['Made Secret {where}.', '已创建 Secret {where}。'],
  ['Changed Secret {where} from version {before} to {now}.', '已将 Secret {where} 从版本 {before} 更新到 {now}。'],
  ['The refused certificate is not there: nothing was changed.', '没有找到被撤下的证书，未作更改。'],
  ['Deleted {name} ({id}).', '已删除 {name}（{id}）。'],
  ['Deleted {id}.', '已删除 {id}。'],
  ['{what} holds this certificate already.', '{what} 中已是此证书。'],
  ['{what} has this certificate already.', '{what} 已使用此证书。'],
  ['AWS ACM does not hold the refused certificate: nothing was changed.', 'AWS ACM 中没有被撤下的证书，未作更改。'],
  ['Imported as {arn}.', '已导入为 {arn}。'],
  ['Imported again as {arn}.', '已重新导入为 {arn}。'],
  ['{domain} does not have the refused certificate: nothing was changed.', '{domain} 没有使用被撤下的证书，未作更改。'],
  ['Set {name} for {domain}: the network takes it up within minutes.', '已为 {domain} 设置 {name}，数分钟内全网生效。'],
  ['Nothing is bound to an earlier certificate: bind {id} once, by hand.', '没有资源绑定在先前的证书上，请手动绑定一次 {id}。'],
  ['It is uploaded already, as {name} ({id}).', '此前已上传为 {name}（{id}）。'],
  ['Removed the earlier upload {name}.', '已清理先前上传的证书 {name}。'],
  ['Uploaded as {name} ({id}).', '已上传为 {name}（{id}）。'],
  ['Resources that were bound to {from} are bound to {to} now.', '原绑定在 {from} 上的资源已改为绑定 {to}。'],
  ['The Certificate Management Service has it already, as {name} ({id}).', '数字证书管理服务中已有此证书：{name}（{id}）。'],
  ['Uploaded to the Certificate Management Service as {name} ({id}).', '已上传到数字证书管理服务：{name}（{id}）。'],
  ['The receiver took {type} of {id}… (HTTP {status}).', '接收方已接受 {type}：{id}…（HTTP {status}）。'],
]

/** Parts of sentences; what the service said of a site ends with a full stop there. */
const PHRASES: readonly (readonly [string, string])[] = [
  ['certificate {sha256}…', '证书 {sha256}… '],
  ['what was there', '原有文件'],
  ['exit code {code}', '退出码 {code}'],
  ['ended by {signal}', '被信号 {signal} 终止'],
  ['no end within {seconds} s, killed', '{seconds} 秒内未结束，已终止'],
  ['could not be started: {why}', '无法启动：{why}'],
  ['the files were removed again', '已删除新写入的文件'],
  ['{pair} was put back', '{pair}已恢复'],
  ['it serves certificate {sha256}….', '使用证书 {sha256}…。'],
  ['it serves certificate {sha256}…{fault}.', '使用证书 {sha256}…{fault}。'],
  ['it has no such address any more.', '该地址已不存在。'],
  [
    'it has no address that may be dialled: check the name, and EVERCERT_ALLOW_ADDRESSES.',
    '没有可访问的地址，请检查名称以及 EVERCERT_ALLOW_ADDRESSES。',
  ],
  // Why a site does not answer, as the probe says it.
  ['{where} refuses connections: nothing listens on this port ({why}).', '{where} 拒绝连接：该端口没有服务在监听（{why}）。'],
  ['{where} did not answer in time ({why}).', '{where} 未在规定时间内应答（{why}）。'],
  ['{where} closed the connection before the handshake was complete ({why}).', '{where} 握手完成前即断开连接（{why}）。'],
  ['{where} answered, but not in TLS ({why}).', '{where} 有应答，但不是 TLS 协议（{why}）。'],
  ['{where} does not change over to TLS ({why}).', '{where} 不支持切换到 TLS（STARTTLS）（{why}）。'],
  ['{where} speaks another protocol than the endpoint says ({why}).', '{where} 使用的协议与站点设置的不同（{why}）。'],
  ['{where} cannot be reached from this machine ({why}).', '{where} 本机无法到达（{why}）。'],
  ['{where} speaks TLS, but the handshake failed ({why}).', '{where} 使用 TLS，但握手失败（{why}）。'],
  ['{where} does not answer (timeout)', ' {where} 没有响应（超时）'],
  ['{where} does not answer ({why})', ' {where} 没有响应（{why}）'],
  ['{where} serves certificate {sha256}…', ' {where} 使用证书 {sha256}…'],
  ['nobody looks', '未作检查'],
  ['the previous pair was put back, and what was served before is served again', '已恢复原证书，站点与部署前一致'],
  ['the previous pair was put back, but still {seen}', '已恢复原证书，但 {seen}'],
  ['a new certificate', '新证书'],
  ['agent {name}', '代理 {name} '],
  ['never seen', '从未连接'],
  ['last seen {at}', '最近一次连接于 {at}'],
  // A site and what was seen there.
  ['{host}:{port} at {address}: {seen}', '{host}:{port}（{address}）：{seen}'],
  ['{host}:{port}: {seen}', '{host}:{port}：{seen}'],
]

interface Pattern {
  readonly matches: RegExp
  readonly names: readonly string[]
  readonly zh: string
}

const PLACE = /\{(\w+)\}/g

function toPattern([en, zh]: readonly [string, string]): Pattern {
  const source = en
    .split(PLACE)
    .map((part, index) => (index % 2 === 1 ? '(.+?)' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
    .join('')
  return { matches: new RegExp(`^${source}$`, 's'), names: [...en.matchAll(PLACE)].map(([, name = '']) => name), zh }
}

let patterns: { readonly sentences: readonly Pattern[]; readonly phrases: readonly Pattern[] } | null = null

function inChinese(text: string, kind: 'sentences' | 'phrases'): string | null {
  patterns ??= { sentences: SENTENCES.map(toPattern), phrases: PHRASES.map(toPattern) }
  for (const { matches, names, zh } of patterns[kind]) {
    const values = matches.exec(text)?.slice(1)
    if (values === undefined) continue
    return zh.replaceAll(PLACE, (_whole, name: string) => {
      const value = values[names.indexOf(name)] ?? ''
      return inChinese(value, 'phrases')?.trim() ?? value
    })
  }
  return null
}

/** A line of a deployment's log as it is stored: `2026-01-31T10:00:00.000Z The files hold this pair already.` */
export function readLogLine(line: string): LogLine {
  const [, at = null, text = line] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s.exec(line) ?? []
  return { at, text: { en: text, zh: at === null ? text : (inChinese(text, 'sentences') ?? text) } }
}
