/**
 * What is typed to look for endpoints, as names, ports and requests.
 */
import { MAX_DISCOVERED_AT_ONCE } from '@evercert/contract'
import { expect, it } from 'vitest'
import { findBadName, readNames, readPorts, toRequests } from '../src/pages/discovery/look-request.ts'

it('reads names from lines and words, without comments and repetitions', () => {
  expect(readNames('a.test, b.test\r\n\n# all of it\nc.test # the shop\na.test；d.test')).toEqual([
    'a.test',
    'b.test',
    'c.test',
    'd.test',
  ])
})

it('names the first that is no host: a wildcard, a port, a URL', () => {
  expect(
    findBadName(['a.test', 'a.test.', '_x.test', '192.0.2.1', '2001:db8::1', '[::1]', 'münchen.test', '例子。测试']),
  ).toBeNull()
  for (const bad of ['*.a.test', 'a.test:443', 'https://a.test', '-a.test', 'a..test', `${'a'.repeat(64)}.test`])
    expect(findBadName(['a.test', bad])).toBe(bad)
})

it('reads ports, or says that they are none', () => {
  expect([readPorts(''), readPorts('443, 8443，443')]).toEqual([[], [443, 8443]])
  for (const bad of ['0', '65536', '4.5', 'https', '1 2 3 4 5 6 7 8 9']) expect(readPorts(bad)).toBeNull()
})

it('asks for no more sites at once than the service takes, and for each name once', () => {
  const names = Array.from({ length: 300 }, (_, index) => `n${index}.test`)
  const requests = toRequests({ by: 'names', names: names.join('\n'), protocol: 'tls', ports: '443 8443' })
  expect(requests.flatMap((request) => request.names ?? [])).toEqual(names)
  for (const request of requests) expect((request.names ?? []).length * 2).toBeLessThanOrEqual(MAX_DISCOVERED_AT_ONCE)
})
