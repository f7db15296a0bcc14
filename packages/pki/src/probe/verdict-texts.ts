/**
 * What a verdict means for people: why it is so, and what to do, in English and in Chinese.
 *
 * @module
 */
import { readableName } from '../readable-name.ts'
import {
  NOT_DER,
  type FailedObservation,
  type KeyKind,
  type Observation,
  type ProbeFailure,
  type ServedCertificate,
} from './observation.ts'
import { revokedCause } from './revoked-texts.ts'
import type { Expectation, RevokedFacts, Verdict } from './verdict.ts'

export interface Bilingual {
  readonly en: string
  readonly zh: string
}

export interface Explanation {
  readonly cause: Bilingual
  /** What to do; for `served`, that there is nothing to do. */
  readonly remedy: Bilingual
}

export interface Judged {
  readonly verdict: Verdict
  readonly observation: Observation
  /** The certificate that settled the verdict; null when there was no handshake. */
  readonly about: ServedCertificate | null
  readonly expected: Expectation
}

export function explain(judged: Judged): Explanation {
  const { observation, about } = judged
  if (!observation.reachable) return explainFailure(observation)
  if (about === null) throw new TypeError('A verdict on a handshake is about a certificate')
  const readable = { ...about, subject: readableName(about.subject), issuer: readableName(about.issuer) }
  const [place, trustError] = [placeOf(observation), observation.trustError ?? '']
  return BY_VERDICT[judged.verdict]({ ...judged, about: readable, place, trustError, leafSha256: observation.chain[0].sha256 })
}

interface Subject extends Omit<Judged, 'about'> {
  readonly about: ServedCertificate
  readonly place: string
  readonly trustError: string
  readonly leafSha256: string
}

/** The remedy for a chain that is not sent whole, when it is known what is missing. @param url where the first of them is to be had */
export function explainMissing(
  missing: readonly { readonly subject: string; readonly sha256: string }[],
  url: string,
): Explanation['remedy'] {
  const names = missing.map(({ subject, sha256 }) => ({ subject, sha256: short(sha256) }))
  const en = names.map(({ subject, sha256 }) => `"${subject}" (SHA-256 ${sha256})`).join(', then ')
  const zh = names.map(({ subject, sha256 }) => `“${subject}”（SHA-256 ${sha256}）`).join('、')
  return {
    en: `Missing: ${en}. It is to be had at ${url}. Put it behind the certificate, in the same file, and reload the server.`,
    zh: `缺少：${zh}。可从 ${url} 获取。请将其追加到同一文件中服务器证书之后，然后重新加载服务。`,
  }
}

/** @param place null: one that was seen before. @param facts null: it was revoked from here */
export function explainRevoked(place: string | null, sha256: string, facts: RevokedFacts | null): Explanation {
  const where = place ?? { en: 'This address', zh: '该地址' }
  const [en, zh] = typeof where === 'string' ? [where, `${where} `] : [where.en, where.zh]
  const said = revokedCause(facts)
  return {
    cause: {
      en: `${en} serves a certificate (SHA-256 ${short(sha256)}) that its CA has revoked${said.en}.`,
      zh: `${zh}使用的证书（SHA-256 ${short(sha256)}）已被 CA 吊销${said.zh}。`,
    },
    remedy: { en: 'Issue and install a new certificate with a new key at once.', zh: '请立即使用新密钥签发并安装新证书。' },
  }
}

/** One above the leaf: who serves it has done nothing wrong, and a new key would not help. */
function explainRevokedIssuer(place: string, { subject, sha256 }: ServedCertificate, facts: RevokedFacts | null): Explanation {
  const said = revokedCause(facts)
  return {
    cause: {
      en: `${place} serves a certificate under an intermediate that its CA has revoked: "${subject}" (SHA-256 ${short(sha256)})${said.en}. The certificate itself is not revoked, but clients that check the whole chain refuse it.`,
      zh: `${place} 的证书链中，中间证书“${subject}”（SHA-256 ${short(sha256)}）已被其 CA 吊销${said.zh}。服务器证书本身未被吊销，但检查整条证书链的客户端会拒绝它。`,
    },
    remedy: {
      en: 'Have the CA issue the certificate anew under another intermediate, or install another chain that the CA offers for it, and reload the server. The key may stay. If that was done already, it is not in place at this address.',
      zh: '请让 CA 以其他中间证书重新签发该证书，或改为安装 CA 提供的另一条证书链，然后重新加载服务；无需更换私钥。如已完成，则该地址尚未换上新的证书链。',
    },
  }
}

const BY_VERDICT: Readonly<Record<Verdict, (subject: Subject) => Explanation>> = {
  served: ({ about, place, expected }) => ({
    cause:
      expected.sha256 === undefined
        ? {
            en: `${place} serves a complete, trusted certificate for ${expected.serverName}, valid until ${day(about.notAfter)}.`,
            zh: `${place} 提供的 ${expected.serverName} 证书链完整、受信任，有效期至 ${day(about.notAfter)}。`,
          }
        : {
            en: `${place} serves exactly the new certificate (SHA-256 ${short(about.sha256)}), valid until ${day(about.notAfter)}.`,
            zh: `${place} 正在使用新证书（SHA-256 ${short(about.sha256)}），有效期至 ${day(about.notAfter)}。`,
          },
    remedy: { en: 'Nothing to do.', zh: '无需处理。' },
  }),
  oldCertificate: ({ about, place }) => ({
    cause: {
      en: `${place} still serves the previous certificate (SHA-256 ${short(about.sha256)}, valid until ${day(about.notAfter)}): the server was not reloaded, or another node serves this address.`,
      zh: `${place} 仍在使用旧证书（SHA-256 ${short(about.sha256)}，有效期至 ${day(about.notAfter)}）：服务未重新加载，或该地址由另一台节点提供服务。`,
    },
    remedy: {
      en: 'Reload the server, install the new certificate on every node behind this address, then verify again.',
      zh: '请重新加载服务，并在该地址后的每台节点上安装新证书，然后重新验证。',
    },
  }),
  otherCertificate: (subject) => (lacksKind(subject) ? explainLack(subject) : explainOther(subject)),
  wrongName: ({ about, place, expected }) => ({
    cause: {
      en: `${place} serves a certificate that does not cover ${expected.serverName}; it covers ${listNames(about.names, 'no name at all')}.`,
      zh: `${place} 使用的证书不包含 ${expected.serverName}，只包含：${listNames(about.names, '无任何域名')}。`,
    },
    remedy: {
      en: `Give ${expected.serverName} a virtual host of its own with this certificate (what answers is often the default one), or add the name to the certificate.`,
      zh: `请为 ${expected.serverName} 配置使用该证书的虚拟主机（当前应答的通常是默认站点），或将该域名加入证书。`,
    },
  }),
  incompleteChain: ({ about, place }) => ({
    cause: {
      en: `${place} does not send the intermediate certificate "${about.issuer}" that issued "${about.subject}", so clients that do not know it cannot verify the certificate.`,
      zh: `${place} 未发送中间证书“${about.issuer}”（“${about.subject}”的签发者），没有缓存该中间证书的客户端无法验证此证书。`,
    },
    remedy: {
      en: 'Install the whole chain: the certificate first, then every intermediate certificate, in one file. If the certificate was issued by a private root itself, add that root to the trusted roots.',
      zh: '请安装完整证书链：同一文件中先放服务器证书，再依次放入所有中间证书。如证书由私有根直接签发，请将该根证书加入受信任的根。',
    },
  }),
  untrusted: ({ about, place, trustError }) => {
    const reason = reasonForDistrust(about, trustError)
    return {
      cause: {
        en: `${place} serves a chain that this machine does not trust (${trustError}): ${reason.en}.`,
        zh: `${place} 的证书链不受本机信任（${trustError}）：${reason.zh}。`,
      },
      remedy: {
        en: 'If the CA is your own, add its root certificate to the trusted roots; otherwise install a certificate from a trusted CA with its whole chain.',
        zh: '如为自有 CA，请将其根证书加入受信任的根；否则请安装受信任 CA 签发的证书及完整证书链。',
      },
    }
  },
  expired: ({ about, place }) => ({
    cause: {
      en: `${place} serves a chain in which "${about.subject}" expired on ${instant(about.notAfter)}.`,
      zh: `${place} 的证书链中，“${about.subject}”已于 ${instant(about.notAfter)} 过期。`,
    },
    remedy: {
      en: 'Renew the certificate and install it with its current intermediate certificates, then reload the server.',
      zh: '请续费并安装新证书及当前有效的中间证书，然后重新加载服务。',
    },
  }),
  notYetValid: ({ about, place }) => ({
    cause: {
      en: `${place} serves a chain in which "${about.subject}" is valid only from ${instant(about.notBefore)}.`,
      zh: `${place} 的证书链中，“${about.subject}”自 ${instant(about.notBefore)} 起才生效。`,
    },
    remedy: {
      en: 'Wait until then, or check the clocks of this machine and of the CA; until then the previous certificate should serve.',
      zh: '请等待其生效，或检查本机与 CA 的时钟；在此之前应继续使用旧证书。',
    },
  }),
  revoked: ({ about, place, expected, leafSha256 }) => {
    const facts = expected.revocations?.get(about.sha256) ?? null
    return about.sha256 === leafSha256 ? explainRevoked(place, about.sha256, facts) : explainRevokedIssuer(place, about, facts)
  },
  unreachable: ({ place }) => ({
    cause: { en: `${place} was not reached.`, zh: `无法连接 ${place}。` },
    remedy: BY_FAILURE.unreachable.remedy,
  }),
  notTls: ({ place }) => ({
    cause: { en: `${place} does not speak TLS.`, zh: `${place} 未使用 TLS。` },
    remedy: BY_FAILURE.notTls.remedy,
  }),
}

function reasonForDistrust(top: ServedCertificate, trustError: string): Bilingual {
  if (trustError === NOT_DER) {
    return {
      en: 'the certificate is not encoded in DER, as X.509 demands, and strict clients cannot read it',
      zh: '证书未按 X.509 要求使用 DER 编码，严格的客户端无法读取',
    }
  }
  if (/SELF_SIGNED/.test(trustError)) {
    return {
      en: `it ends at "${top.subject}", which signed itself (a self-signed certificate or a private root)`,
      zh: `证书链止于自签名的“${top.subject}”（自签名证书或私有根证书）`,
    }
  }
  if (/ISSUER|LEAF_SIGNATURE/.test(trustError)) {
    return {
      en: `it ends at "${top.issuer}", a private CA, or an intermediate certificate further up is missing`,
      zh: `证书链止于“${top.issuer}”：私有 CA，或上级中间证书缺失`,
    }
  }
  return {
    en: 'a key or signature is too weak, or a certificate may not be used for this purpose',
    zh: '密钥或签名强度不足，或证书用途不符',
  }
}

interface FailureText {
  readonly cause: Bilingual
  readonly remedy: Bilingual
}

// Read as "<address> <cause> (<detail>)."
const BY_FAILURE: Readonly<Record<ProbeFailure, FailureText>> = {
  refused: {
    cause: { en: 'refuses connections: nothing listens on this port', zh: '拒绝连接：该端口没有服务在监听' },
    remedy: { en: 'Start the server, or correct the port.', zh: '请启动服务，或更正端口。' },
  },
  timedOut: {
    cause: { en: 'did not answer in time', zh: '未在规定时间内应答' },
    remedy: {
      en: 'Check that the server runs and that firewalls let this machine reach it on this port.',
      zh: '请检查服务是否运行，以及防火墙是否允许本机访问该端口。',
    },
  },
  reset: {
    cause: { en: 'closed the connection before the handshake was complete', zh: '握手完成前即断开连接' },
    remedy: {
      en: 'Check that the port speaks TLS and that the load balancer in front has a working server behind it.',
      zh: '请检查该端口是否使用 TLS，以及前端负载均衡后是否有可用的服务器。',
    },
  },
  notTls: {
    cause: { en: 'answered, but not in TLS', zh: '有应答，但不是 TLS 协议' },
    remedy: {
      en: 'Switch TLS on for this port, or correct the port: plain HTTP and mail ports speak another protocol first.',
      zh: '请为该端口启用 TLS，或更正端口：明文 HTTP 与邮件端口使用的是其他协议。',
    },
  },
  noStartTls: {
    cause: { en: 'does not change over to TLS', zh: '不支持切换到 TLS（STARTTLS）' },
    remedy: {
      en: 'Switch TLS on in the settings of this server (certificate, key, STARTTLS), then reload it.',
      zh: '请在该服务的配置中启用 TLS（证书、私钥、STARTTLS），然后重新加载。',
    },
  },
  wrongProtocol: {
    cause: { en: 'speaks another protocol than the endpoint says', zh: '使用的协议与站点设置的不同' },
    remedy: {
      en: 'Correct the protocol or the port of the endpoint.',
      zh: '请更正站点的协议或端口。',
    },
  },
  unreachable: {
    cause: { en: 'cannot be reached from this machine', zh: '本机无法到达' },
    remedy: {
      en: 'Check the address, the routes and, for IPv6, that this machine has it; remove DNS records of addresses that are no longer in use.',
      zh: '请检查地址、路由以及本机是否支持 IPv6；请删除已停用地址的 DNS 记录。',
    },
  },
  handshakeFailed: {
    cause: { en: 'speaks TLS, but the handshake failed', zh: '使用 TLS，但握手失败' },
    remedy: {
      en: 'Check the TLS settings of the server and that it knows this server name; its error log tells the reason.',
      zh: '请检查服务器的 TLS 配置及其是否配置了该域名；具体原因见服务器错误日志。',
    },
  },
}

function explainOther({ about, place, expected }: Subject): Explanation {
  return {
    cause: {
      en: `${place} serves a certificate that is neither the new nor the previous one (SHA-256 ${short(about.sha256)} instead of ${short(expected.sha256 ?? '')}, issued by ${about.issuer}, valid until ${day(about.notAfter)}).`,
      zh: `${place} 使用的证书既不是新证书也不是旧证书（SHA-256 ${short(about.sha256)}，应为 ${short(expected.sha256 ?? '')}；签发者 ${about.issuer}，有效期至 ${day(about.notAfter)}）。`,
    },
    remedy: {
      en: 'Find out what answers at this address (a CDN, a load balancer, a WAF or another tool that installs certificates) and install the new certificate there.',
      zh: '请确认该地址由什么设备应答（CDN、负载均衡、WAF，或其他会安装证书的工具），并在该处安装新证书。',
    },
  }
}

/** What is served is for clients that know the other kind of key; for those that know this one there is nothing. */
function lacksKind({ about, expected: { onlyKey } }: Subject): boolean {
  return onlyKey !== undefined && about.keyKind !== onlyKey
}

function explainLack({ about, place, expected }: Subject): Explanation {
  const lacking = KIND_NAMES[expected.onlyKey ?? 'other']
  const served = KIND_NAMES[about.keyKind]
  return {
    cause: {
      en: `${place} has no certificate with ${lacking.en} (${short(expected.sha256 ?? '')} is to be there): it serves the one with ${served.en} alone (SHA-256 ${short(about.sha256)}).`,
      zh: `${place} 没有使用${lacking.zh}的证书（应为 ${short(expected.sha256 ?? '')}），只提供使用${served.zh}的证书（SHA-256 ${short(about.sha256)}）。`,
    },
    remedy: {
      en: 'Install it beside the other one (in nginx a second ssl_certificate and ssl_certificate_key) and reload the server; or remove the endpoint, if the site is to have one certificate alone.',
      zh: '请将其安装在另一张证书旁（nginx 中为第二组 ssl_certificate 与 ssl_certificate_key）并重新加载服务；如该站点只需一张证书，请移除此站点。',
    },
  }
}

const KIND_NAMES: Readonly<Record<KeyKind, Bilingual>> = {
  rsa: { en: 'an RSA key', zh: ' RSA 密钥' },
  ecdsa: { en: 'an ECDSA key', zh: ' ECDSA 密钥' },
  other: { en: 'another kind of key', zh: '其他类型密钥' },
}

function explainFailure(observation: FailedObservation): Explanation {
  const { cause, remedy } = BY_FAILURE[observation.failure]
  const place = placeOf(observation)
  return {
    cause: { en: `${place} ${cause.en} (${observation.detail}).`, zh: `${place} ${cause.zh}（${observation.detail}）。` },
    remedy,
  }
}

function placeOf({ address, port }: Observation): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Enough to compare by eye. */
function short(sha256: string): string {
  return `${sha256.slice(0, 16)}…`
}

function day(epochMs: number): string {
  return toText(epochMs).slice(0, 10)
}

function instant(epochMs: number): string {
  return `${toText(epochMs).slice(0, 19).replace('T', ' ')} UTC`
}

// A hostile certificate may hold a date that is none.
function toText(epochMs: number): string {
  return Number.isNaN(new Date(epochMs).getTime()) ? '????-??-??T??:??:??' : new Date(epochMs).toISOString()
}

const MAX_LISTED_NAMES = 5

function listNames(names: readonly string[], none: string): string {
  if (names.length === 0) return none
  const listed = names.slice(0, MAX_LISTED_NAMES).join(', ')
  return names.length > MAX_LISTED_NAMES ? `${listed}, … (${names.length})` : listed
}
