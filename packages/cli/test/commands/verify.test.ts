import { describe, expect, it } from 'vitest'
import { parseFingerprint } from '../../src/commands/verify.ts'
import { runProgram } from '../../src/program.ts'
import { parseSite } from '../../src/site.ts'
import { aShell } from '../builders.ts'

describe('parseSite', () => {
  it.each([
    ['example.com', 'example.com', 443],
    ['example.com:8443', 'example.com', 8443],
    ['https://example.com:8443/path', 'example.com', 8443],
    ['192.0.2.1:443', '192.0.2.1', 443],
    ['[2001:db8::1]:8443', '[2001:db8::1]', 8443],
    ['2001:db8::1', '2001:db8::1', 443],
    ['例子.中国', '例子.中国', 443],
  ])('%s is %s, port %i', (text, host, port) => {
    expect(parseSite(text)).toEqual({ host, port, protocol: 'tls' })
  })

  it('takes a protocol in front, with its port', () => {
    expect(parseSite('smtp://mail.example.com')).toEqual({ host: 'mail.example.com', port: 25, protocol: 'smtp' })
    expect(parseSite('imap://mail.example.com:1143')).toMatchObject({ port: 1143, protocol: 'imap' })
    expect(parseSite('db.example.com', 'postgresql')).toMatchObject({ port: 5432, protocol: 'postgresql' })
    expect(() => parseSite('gopher://example.com')).toThrow(/host or host:port/)
  })

  it.each([
    '',
    ':443',
    'host:0',
    'host:65536',
    'host:https',
    'a:b:c',
    'exa mple.com',
    'me@example.com',
    'a..example.com',
    '.example.com',
    '999.1.1.1',
    '[::g]:443',
    `${'a'.repeat(64)}.example`,
  ])('refuses %j', (text) => {
    expect(() => parseSite(text)).toThrow(/host or host:port/)
  })
})

describe('parseFingerprint', () => {
  it('takes hex, and the colons and capitals of openssl', () => {
    const hex = 'ab'.repeat(32)
    expect(parseFingerprint(hex)).toBe(hex)
    expect(parseFingerprint(hex.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:'))).toBe(hex)
  })

  it.each(['ab', 'zz'.repeat(32), ''])('refuses %j', (text) => {
    expect(() => parseFingerprint(text)).toThrow(/SHA-256/)
  })
})

describe('what cannot be looked at is wrong usage, and no finding', () => {
  it.each([
    [[]],
    [['example.com', '--expect', 'ab']],
    [['example.com', '--ca', '/nonexistent/root.pem']],
    [['a:b:c']],
    [['exa mple.com']],
    [['example.com', '--from', '/nonexistent/list']],
    [['--from', '/nonexistent/list']],
    [['--nonsense']],
  ])('evercert verify %j: 64', async (args) => {
    const shell = aShell()
    expect(await runProgram(['verify', ...args, '--json'], shell)).toBe(64)
    expect(JSON.parse(shell.err())).toMatchObject({ code: 'invalid' })
  })

  it('1 is a finding', async () => {
    expect(await runProgram(['verify', '127.0.0.1:1'], aShell())).toBe(1)
  })
})
