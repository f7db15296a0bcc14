import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRoot } from '../../../test/harness/certificates.ts'
import { adopt } from '../src/adopt.ts'
import { discoverApache } from '../src/discover/apache.ts'
import { discover } from '../src/discover/discover.ts'
import { discoverHaproxy } from '../src/discover/haproxy.ts'
import { discoverNginx } from '../src/discover/nginx.ts'
import { createSource, glob, type Named } from '../src/discover/source.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'evercert-discover-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

/** In short, with paths below the test's folder. */
const short = (found: readonly Named[]) =>
  found.map(({ file, line, certificatePath, keyPath, serverNames, port, problem }) => ({
    at: `${file.replace(`${root}/`, '')}:${line}`,
    pair: [certificatePath, keyPath].map((path) => path?.replace(`${root}/`, '') ?? null),
    names: serverNames,
    port,
    ...(problem !== null && { problem }),
  }))

describe('nginx', () => {
  const find = () => short(discoverNginx(createSource(), join(root, 'nginx.conf')))

  test('includes by globs, relative to the main file; quotes, comments, and inheritance from http', () => {
    write({
      'nginx.conf': `user www; # ssl_certificate /no.pem;
http {
  log_format main '$remote_addr "{;}" \${x}';
  ssl_certificate     tls/common.pem; ssl_certificate_key "tls/common.key";
  include conf.d/*.conf;
  include missing/*.conf; include /nowhere/file.conf;
}
stream { server { listen 636 ssl; ssl_certificate tls/ldap.pem; ssl_certificate_key tls/ldap.key; } }
`,
      'conf.d/a.conf': `server {
  listen 80; listen [::]:8443 ssl http2;
  server_name a.example *.a.example;
  ssl_certificate '${root}/tls/with space.pem'; ssl_certificate_key tls/a.key;
  location / { if ($host ~* "x{2}") { return 301 https://$host$request_uri; } }
}
server { listen 443 ssl; server_name b.example _; }
server { listen 80; server_name plain.example; }
`,
      'conf.d/.hidden.conf': 'server { listen 443 ssl; ssl_certificate hidden.pem; }',
    })
    expect(find()).toEqual([
      { at: 'conf.d/a.conf:4', pair: ['tls/with space.pem', 'tls/a.key'], names: ['a.example', '*.a.example'], port: 8443 },
      { at: 'nginx.conf:4', pair: ['tls/common.pem', 'tls/common.key'], names: ['b.example'], port: 443 },
      { at: 'nginx.conf:8', pair: ['tls/ldap.pem', 'tls/ldap.key'], names: [], port: 636 },
    ])
  })

  test('two certificates of one server keep their own keys; variables and inline data are told, not guessed', () => {
    write({
      'nginx.conf': `http { server {
  listen 443 ssl; server_name two.example;
  ssl_certificate rsa.pem; ssl_certificate ec.pem;
  ssl_certificate_key rsa.key; ssl_certificate_key ec.key;
}
server { listen 443 ssl; ssl_certificate /tls/$ssl_server_name.pem; ssl_certificate_key /tls/\${name}.key; }
server { listen 443 ssl; ssl_certificate data:$cert; ssl_certificate_key data:$key; } }`,
    })
    expect(find().map(({ pair, problem }) => [pair, problem])).toEqual([
      [['rsa.pem', 'rsa.key'], undefined],
      [['ec.pem', 'ec.key'], undefined],
      [['/tls/$ssl_server_name.pem', '/tls/${name}.key'], 'variable'],
      [['data:$cert', 'data:$key'], 'variable'],
    ])
  })

  test('a file that includes itself, one that is broken, and one that is away leave the others', () => {
    write({
      'nginx.conf': 'http { include loop.conf; include broken.conf; include good.conf; }',
      'loop.conf': 'include loop.conf; server { listen 443 ssl; ssl_certificate loop.pem; ssl_certificate_key loop.key; }',
      'broken.conf': 'server { listen 443 ssl; ',
      'good.conf': 'server { listen 443 ssl; ssl_certificate good.pem; ssl_certificate_key good.key; }',
    })
    const source = createSource()
    const found = discoverNginx(source, join(root, 'nginx.conf'))
    expect(new Set(found.map(({ certificatePath }) => certificatePath))).toEqual(
      new Set([join(root, 'loop.pem'), join(root, 'good.pem')]),
    )
    expect(source.faults.map((fault) => fault.replace(root, ''))).toEqual([
      '/loop.conf: included deeper than 20 times',
      '/broken.conf: a block is not closed',
    ])
  })
})

describe('apache', () => {
  const find = () => short(discoverApache(createSource(), join(root, 'apache2.conf')))

  test('includes, folders, Define, envvars, continued lines, and hosts with the key of the main server', () => {
    write({
      envvars: 'export APACHE_RUN_USER=www-data\nexport TLS_DIR="/srv/tls"\nexport BAD=$(id)\n',
      'apache2.conf': `ServerRoot "${root}"
Define base \${TLS_DIR}/live
IncludeOptional sites-enabled/*.conf
Include folder
IncludeOptional nowhere/*.conf
`,
      'sites-enabled/a.conf': `# SSLCertificateFile /no.pem
<IfModule mod_ssl.c>
<VirtualHost *:8443>
  servername https://a.example:8443
  ServerAlias www.a.example \\
    m.a.example
  SSLCertificateFile    "\${base}/a.pem"
  SSLCertificateKeyFile \${base}/a.key
</VirtualHost>
</IfModule>
<IfDefine NEVER>
<VirtualHost *:443>
  SSLCertificateFile never.pem
</VirtualHost>
</IfDefine>
<VirtualHost _default_:443>
  ServerName b.example
  SSLCertificateFile \${unknown}/b.pem
  SSLCertificateKeyFile b.key
</VirtualHost>
`,
      'folder/c.conf': `<VirtualHost [::1]:443>
  ServerName c.example
  SSLCertificateFile tls/c.pem
  SSLCertificateKeyFile tls/c.key
</VirtualHost>`,
    })
    expect(find()).toEqual([
      {
        at: 'sites-enabled/a.conf:7',
        pair: ['/srv/tls/live/a.pem', '/srv/tls/live/a.key'],
        names: ['a.example', 'www.a.example', 'm.a.example'],
        port: 8443,
      },
      {
        at: 'sites-enabled/a.conf:18',
        pair: ['${unknown}/b.pem', 'b.key'],
        names: ['b.example'],
        port: 443,
        problem: 'variable',
      },
      { at: 'folder/c.conf:3', pair: ['tls/c.pem', 'tls/c.key'], names: ['c.example'], port: 443 },
    ])
  })
})

describe('haproxy', () => {
  test('one certificate for each kind of key, where the file itself is not there', () => {
    write({
      'haproxy.cfg': `frontend one
  bind :443 ssl crt ${root}/two.pem crt ${root}/one.pem
`,
      'two.pem.rsa': '',
      'two.pem.ecdsa': '',
      'two.pem.ecdsa.key': '',
      'one.pem': '',
      'one.pem.rsa': '',
    })
    expect(short(discoverHaproxy(createSource(), join(root, 'haproxy.cfg')))).toEqual([
      { at: 'haproxy.cfg:2', pair: ['two.pem.rsa', null], names: [], port: 443 },
      { at: 'haproxy.cfg:2', pair: ['two.pem.ecdsa', 'two.pem.ecdsa.key'], names: [], port: 443 },
      { at: 'haproxy.cfg:2', pair: ['one.pem', null], names: [], port: 443 },
    ])
  })

  test('crt, folders, crt-list with filters, crt-base, keys beside, and variables', () => {
    write({
      'haproxy.cfg': `global
  crt-base ${root}/tls
  setenv KNOWN ${root}/many
  presetenv KNOWN /elsewhere
crt-store web
  load crt store.pem key store.key alias one
frontend one # bind :1 ssl crt no.pem
  bind :443,:8443 ssl crt a.pem crt "with space.pem" alpn h2
  bind 10.0.0.1:444 ssl crt ${root}/many/ crt-list ${root}/list
  bind :445 ssl crt "\${DIR}/v.pem" crt "\${KNOWN}/1.pem" crt '\${KNOWN}/literal.pem'
`,
      list: `# comment
a.pem [alpn h2 ocsp-update on] a.example !no.example *.a.example
${root}/tls/b.pem
`,
      'tls/a.pem': '',
      'tls/b.pem': '',
      'tls/b.pem.key': '',
      'many/1.pem': '',
      'many/2.pem': '',
      'many/2.pem.key': '',
      'many/2.pem.ocsp': '',
    })
    const found = short(discoverHaproxy(createSource(), join(root, 'haproxy.cfg')))
    expect(found).toEqual([
      { at: 'haproxy.cfg:6', pair: ['tls/store.pem', 'tls/store.key'], names: [], port: null },
      { at: 'haproxy.cfg:8', pair: ['tls/a.pem', null], names: [], port: 443 },
      { at: 'haproxy.cfg:8', pair: ['tls/with space.pem', null], names: [], port: 443 },
      { at: 'haproxy.cfg:9', pair: ['many/1.pem', null], names: [], port: 444 },
      { at: 'haproxy.cfg:9', pair: ['many/2.pem', 'many/2.pem.key'], names: [], port: 444 },
      { at: 'list:2', pair: ['tls/a.pem', null], names: ['a.example', '*.a.example'], port: 444 },
      { at: 'list:3', pair: ['tls/b.pem', 'tls/b.pem.key'], names: [], port: 444 },
      { at: 'haproxy.cfg:10', pair: ['${DIR}/v.pem', null], names: [], port: 445, problem: 'variable' },
      { at: 'haproxy.cfg:10', pair: ['many/1.pem', null], names: [], port: 445 },
      { at: 'haproxy.cfg:10', pair: ['${KNOWN}/literal.pem', null], names: [], port: 445, problem: 'variable' },
    ])
  })
})

test('globs: sets, negated sets, hidden files, and characters that mean something elsewhere', () => {
  write({ 'g/a1.conf': '', 'g/b1.conf': '', 'g/c+.conf': '', 'g/.d.conf': '', 'g/sub/a1.conf': '' })
  const names = (pattern: string) => glob(join(root, pattern)).map((path) => path.replace(`${root}/`, ''))
  expect(names('g/[ab]?.conf')).toEqual(['g/a1.conf', 'g/b1.conf'])
  expect(names('g/[!a]*.conf')).toEqual(['g/b1.conf', 'g/c+.conf'])
  expect(names('g/c+.*')).toEqual(['g/c+.conf'])
  expect(names('*/sub/a1.conf')).toEqual(['g/sub/a1.conf'])
  expect(names('g/.*')).toEqual(['g/.d.conf'])
})

test('what is found is read, told with names and expiry, and adopted with the paths that it has', () => {
  const leaf = createRoot().issue({ names: ['a.example', 'b.example'] })
  write({
    'tls/a.pem': leaf.chainPem,
    'tls/a.key': leaf.privateKeyPem,
    'nginx.conf': `http { server { listen 8443 ssl; server_name *.x a.example; ssl_certificate tls/link.pem; ssl_certificate_key tls/a.key; }
      server { listen 443 ssl; server_name second.example; ssl_certificate tls/link.pem; ssl_certificate_key tls/a.key; }
      server { listen 443 ssl; ssl_certificate tls/away.pem; ssl_certificate_key tls/away.key; } }`,
    'config.json': JSON.stringify({
      server: 'https://evercert.test',
      discover: { nginx: [join(root, 'nginx.conf')], apache: [], haproxy: [] },
    }),
  })
  symlinkSync(join(root, 'tls/a.pem'), join(root, 'tls/link.pem'))
  const en = (text: string): string => text
  const configPath = join(root, 'config.json')
  const [adopted, ...more] = adopt({ configPath, certificatePath: null, name: null }, en)
  expect(more).toEqual([])
  expect(adopted).toMatchObject({
    name: 'a.example',
    finding: {
      sha256: leaf.sha256,
      domains: ['a.example', 'b.example'],
      serverNames: ['*.x', 'a.example', 'second.example'],
      site: null,
    },
  })
  const sites = {
    'a.example': {
      server: 'nginx' as const,
      certificatePath: join(root, 'tls/a.pem'),
      keyPath: join(root, 'tls/a.key'),
      testCommand: null,
      reloadCommand: null,
      commandTimeoutSeconds: 30,
      keyOnHost: false,
      probe: null,
    },
  }
  const { findings } = discover({ discover: { nginx: [join(root, 'nginx.conf')], apache: [], haproxy: [] }, sites })
  expect(findings.map(({ site, problem }) => [site, problem])).toEqual([
    ['a.example', null],
    [null, 'missing'],
  ])
  expect(() => adopt({ configPath, certificatePath: join(root, 'tls/link.pem'), name: null }, en)).toThrow(
    'is site a.example already',
  )
})
