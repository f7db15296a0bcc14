import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readLogLine } from '../src/log-line-texts.ts'

const AT = '2026-01-31T10:00:00.000Z'
const packages = fileURLToPath(new URL('../..', import.meta.url))
const PLACES = ['pair-files/src', 'server/src']
/** Waits of an application, and what is written into archives: no deployment's log has them. */
const NOT_IN_LOGS = ['host-keys.ts', 'download-notes.ts']
const AGENT = 'agent/src/site.ts' // what else the agent says is for its own terminal

/** What is said by the sources, its values filled in. */
function saidSentences(): string[] {
  const files = PLACES.flatMap((place) =>
    readdirSync(packages + place, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !NOT_IN_LOGS.some((other) => file.endsWith(other)))
      .map((file) => readFileSync(`${packages}${place}/${file}`, 'utf8')),
  )
  files.push(readFileSync(packages + AGENT, 'utf8'))
  const calls = files.flatMap((text) => [...text.matchAll(/(?:\bsay\(|logLine\(services,)([^;{]*(?:\$\{[^}]*\}[^;{]*)*)\)/g)])
  // A text that has a name first, and what is said while an answer is waited for.
  const named = files.flatMap((text) =>
    [...text.matchAll(/logLine\(services, (\w+)\)/g)].flatMap(([, name = '']) => [
      ...text.matchAll(new RegExp(`const ${name} = (\`[^\`]+\`)`, 'g')),
    ]),
  )
  const pending = files.flatMap((text) => [
    ...text.matchAll(/new AppError\(\s*'\w+',\s*([^;{]*(?:\$\{[^}]*\}[^;{]*)*)\{\s*pending: true/g),
  ])
  return [...calls, ...named, ...pending].flatMap(([, argument = '']) => {
    const templates = [...argument.matchAll(/`([^`]+)`/g)].map(([, text = '']) =>
      text
        .replace('${name} command', 'reload command')
        .replace('${reason}', 'x1:1: x1.')
        .replaceAll(/\$\{[^}]*\}/g, 'x1'),
    )
    const plain = [...argument.replaceAll(/`[^`]+`/g, '').matchAll(/'([^']+)'/g)].map(([, text = '']) => text)
    return [...templates, ...plain].filter((text) => / .*(?:[.…]|: x1)$/s.test(text))
  })
}

it('has words for every step that the sources say', () => {
  const sentences = saidSentences()
  expect(sentences.length).toBeGreaterThan(30)
  for (const beginning of ['Removed the earlier upload', 'Taking back the deployment', 'Waiting for', 'Moving resources'])
    expect(sentences.filter((text) => text.startsWith(beginning))).not.toEqual([])
  const without = sentences.filter((text) => !/[一-龥]/u.test(readLogLine(`${AT} ${text}`).text.zh))
  expect(without).toEqual([])
})

it.each([
  ['Swapped in certificate 0123456789abcdef… for what was there.', '已用证书 0123456789abcdef…替换原有文件。'],
  ['Ran the reload command: no end within 5 s, killed.', '已执行重新加载命令：5 秒内未结束，已终止。'],
  ['Ran the test command: exit code 1.', '已执行测试命令：退出码 1。'],
  ['Rolled back: certificate 0123456789abcdef… was put back.', '已回滚：证书 0123456789abcdef…已恢复。'],
  [
    'Before: a.example.com:443 at 192.0.2.1: it serves certificate 0123456789abcdef….',
    '部署前：a.example.com:443（192.0.2.1）：使用证书 0123456789abcdef…。',
  ],
  ['Before: [::1]:443: it has no such address any more.', '部署前：[::1]:443：该地址已不存在。'],
  ['Before: 127.0.0.1:443 does not answer (ECONNREFUSED).', '部署前：127.0.0.1:443 没有响应（ECONNREFUSED）。'],
  [
    'After the reload: a.example.com:443 at 192.0.2.1: 192.0.2.1:443 refuses connections: nothing listens on this port (ECONNREFUSED).',
    '重新加载后：a.example.com:443（192.0.2.1）：192.0.2.1:443 拒绝连接：该端口没有服务在监听（ECONNREFUSED）。',
  ],
  [
    'Taking back the deployment to web (192.0.2.1:443: 192.0.2.1:443 did not answer in time (10 s).): the reload fails.',
    '正在撤回到 web 的部署（192.0.2.1:443：192.0.2.1:443 未在规定时间内应答（10 s）。）：the reload fails.',
  ],
  ['Removed the earlier upload evercert-0123 (7).', '已清理先前上传的证书 evercert-0123 (7)。'],
  ['Uploaded as test (cert-1).', '已上传为 test（cert-1）。'],
])('%s', (en, zh) => {
  expect(readLogLine(`${AT} ${en}`)).toEqual({ at: AT, text: { en, zh } })
})

it('leaves alone what a command wrote, and a sentence that it does not know', () => {
  const output = '  Ran the test command: exit code 1.'
  expect(readLogLine(output)).toEqual({ at: null, text: { en: output, zh: output } })
  expect(readLogLine(`${AT} Something new.`)).toEqual({ at: AT, text: { en: 'Something new.', zh: 'Something new.' } })
})
