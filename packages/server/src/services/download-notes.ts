/**
 * The note in each archive: how to install what is in it, in both languages.
 *
 * @module
 */
import type { Bilingual, DownloadFormat } from '@evercert/contract'
import type { DownloadWish } from '../domain/download/decide-download.ts'
import type { FileContent, PlannedFile } from '../domain/download/file-names.ts'

export const FORMAT_TITLES: Readonly<Record<DownloadFormat, Bilingual>> = {
  nginx: { en: 'nginx', zh: 'Nginx' },
  apache: { en: 'Apache', zh: 'Apache' },
  tomcat: { en: 'Tomcat', zh: 'Tomcat' },
  iis: { en: 'IIS', zh: 'IIS' },
  jks: { en: 'Java keystore (JKS)', zh: 'Java 密钥库（JKS）' },
  other: { en: 'PEM files', zh: '其他（PEM）' },
  root: { en: 'root certificate', zh: '根证书' },
}

export interface NoteFacts {
  readonly wish: DownloadWish
  readonly plan: readonly PlannedFile[]
  readonly baseName: string
}

const CONTENT_TEXTS: Readonly<Record<FileContent, Bilingual>> = {
  fullChain: { en: 'certificate, then its intermediates', zh: '证书及中间证书' },
  leaf: { en: 'certificate', zh: '证书' },
  intermediates: { en: 'intermediates', zh: '中间证书' },
  root: { en: 'root of the CA', zh: 'CA 根证书' },
  key: { en: 'private key; SECRET', zh: '私钥，请妥善保管' },
  keystore: { en: 'private key, certificate and intermediates', zh: '私钥、证书及中间证书' },
  password: { en: 'password, made for this download; SECRET', zh: '密码，每次下载重新生成，请妥善保管' },
}

/** UTF-8 text. For Windows with its line ends and a byte order mark, without which its older editors show no Chinese. */
export function writeNote(facts: NoteFacts): string {
  const { en, zh } = FORMAT_TITLES[facts.wish.format]
  const lines = [
    `Evercert: ${facts.baseName}, ${en}`,
    '',
    ...filesIn(facts, 'en'),
    ...stepsOf(facts, 'en'),
    '',
    '----',
    '',
    `Evercert：${facts.baseName}，${zh}`,
    '',
    ...filesIn(facts, 'zh'),
    ...stepsOf(facts, 'zh'),
    '',
  ]
  return facts.wish.format === 'iis' ? `\uFEFF${lines.join('\r\n')}` : lines.join('\n')
}

type Language = keyof Bilingual

function filesIn({ plan }: NoteFacts, language: Language): string[] {
  const colon = language === 'zh' ? '：' : ': '
  return plan.map(({ name, content }) => `  ${name}${colon}${CONTENT_TEXTS[content][language]}`)
}

function stepsOf(facts: NoteFacts, language: Language): string[] {
  const zh = language === 'zh'
  const say = (en: string, chinese: string): string => (zh ? chinese : en)
  const keyless =
    !facts.wish.withKey && facts.wish.format !== 'root'
      ? ['', say('The private key is not in this archive: use the one that you have.', '本压缩包不含私钥，请使用您已有的私钥。')]
      : []
  return [...keyless, '', ...INSTALL[facts.wish.format](nameOf(facts), say), ...proof(facts, say)]
}

type Say = (en: string, zh: string) => string
type NameOf = (content: FileContent) => string | null

/** The name of the file with this content. */
function nameOf({ plan, baseName }: NoteFacts): NameOf {
  // Without a key in the archive its owner has it somewhere: the lines below name it as it would be called here.
  return (content) => plan.find((file) => file.content === content)?.name ?? (content === 'key' ? `${baseName}.key` : null)
}

function proof({ wish }: NoteFacts, say: Say): string[] {
  if (wish.format === 'root') return []
  return [
    '',
    say('Then see what is served:', '然后检查实际生效的证书：'),
    '  echo | openssl s_client -servername HOST -connect HOST:443 2>/dev/null | openssl x509 -noout -dates',
  ]
}

const INSTALL: Readonly<Record<DownloadFormat, (name: NameOf, say: Say) => string[]>> = {
  nginx: (name, say) => [
    say(
      'In the server block, then "nginx -t && nginx -s reload":',
      '在 server 块中配置，然后执行 “nginx -t && nginx -s reload”：',
    ),
    '  listen 443 ssl;',
    `  ssl_certificate     /etc/nginx/tls/${name('fullChain')};`,
    `  ssl_certificate_key /etc/nginx/tls/${name('key')};`,
  ],
  apache: (name, say) => [
    say(
      'In the virtual host, then "apachectl configtest && apachectl graceful":',
      '在虚拟主机中配置，然后执行 “apachectl configtest && apachectl graceful”：',
    ),
    '  SSLEngine on',
    `  SSLCertificateFile      /etc/apache2/tls/${name('leaf')}`,
    `  SSLCertificateKeyFile   /etc/apache2/tls/${name('key')}`,
    ...(name('intermediates') === null ? [] : [`  SSLCertificateChainFile /etc/apache2/tls/${name('intermediates')}`]),
  ],
  tomcat: (name, say) => [
    say('In conf/server.xml, then restart Tomcat:', '在 conf/server.xml 中配置，然后重启 Tomcat：'),
    '  <Connector port="443" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true" scheme="https" secure="true">',
    '    <SSLHostConfig>',
    `      <Certificate certificateKeystoreFile="conf/${name('keystore')}" certificateKeystoreType="PKCS12"`,
    '        certificateKeystorePassword="…"/>',
    '    </SSLHostConfig>',
    '  </Connector>',
    say(`The password is in ${name('password')}.`, `密码见 ${name('password')}。`),
  ],
  iis: (name, say) => [
    say(
      `In an elevated PowerShell; the password is in ${name('password')}:`,
      `在管理员 PowerShell 中执行，密码见 ${name('password')}：`,
    ),
    `  $password = Read-Host -AsSecureString`,
    `  Import-PfxCertificate -FilePath ${name('keystore')} -CertStoreLocation Cert:\\LocalMachine\\WebHosting -Password $password`,
    say(
      'Then choose it in IIS Manager: Site, Bindings, https. Delete the .pfx file afterwards.',
      '然后在 IIS 管理器中选择该证书：站点、绑定、https。完成后请删除 .pfx 文件。',
    ),
  ],
  jks: (name, say) => [
    say(
      `Keystore type JKS. Keystore and key have the same password, in ${name('password')}. To see it:`,
      `密钥库类型为 JKS，密钥库与私钥使用同一密码，见 ${name('password')}。查看：`,
    ),
    `  keytool -list -v -keystore ${name('keystore')} -storetype JKS -storepass:file ${name('password')}`,
  ],
  other: (name, say) => [
    say(
      `${name('fullChain')} is what most servers want; others take certificate and intermediates apart.`,
      `多数服务器使用 ${name('fullChain')}；也可分别配置证书与中间证书。`,
    ),
  ],
  root: (name, say) => [
    say(
      'Servers do not send the root; clients must trust it. Install it only if you trust this CA:',
      '服务器无需发送根证书，应由客户端信任。仅在您信任该 CA 时安装：',
    ),
    `  Debian: cp ${name('root')} /usr/local/share/ca-certificates/ && update-ca-certificates`,
    `  Windows: certutil -addstore Root ${name('root')}`,
    `  Java: keytool -importcert -cacerts -alias ${name('root')} -file ${name('root')}`,
  ],
}
