import type { EndpointView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { expect, it } from 'vitest'
import { removeEndpointCommand } from '../../src/commands/endpoints.ts'
import { CliFailure } from '../../src/failure.ts'
import { createSession } from '../../src/session.ts'
import { anEndpoint, aShell } from '../builders.ts'

const at = (id: string, host: string, port = 443): EndpointView => ({ ...anEndpoint('served'), id, host, port, serverName: host })
const all = [
  at('end_idn', 'xn--fsqu00a.xn--0zwm56d'),
  at('end_v6', '::1'),
  at('end_v4', '192.0.2.1'),
  at('end_old', 'Shop.example.com.'),
]

/** Which one a command that names it means. */
async function remove(wanted: string): Promise<string> {
  let gone = 'none'
  const endpoints = {
    list: () => Promise.resolve({ items: all }),
    remove: ({ id }: { id: string }) => Promise.resolve({ id: (gone = id) }),
  }
  const session = {
    ...createSession(aShell(), 'en', {}),
    client: () => Promise.resolve({ endpoints } as unknown as Client),
  }
  await removeEndpointCommand(session, wanted)
  return gone
}

it.each([
  ['end_v6', 'end_v6'],
  ['xn--fsqu00a.xn--0zwm56d:443', 'end_idn'],
  ['例子.测试:443', 'end_idn'],
  ['例子。测试.:443', 'end_idn'],
  ['XN--FSQU00A.xn--0zwm56d:443', 'end_idn'],
  ['[::1]:443', 'end_v6'],
  ['[0:0::0001]:443', 'end_v6'],
  ['192.0.2.1:443', 'end_v4'],
  ['shop.example.com:443', 'end_old'],
  ['Shop.example.com.:443', 'end_old'],
])('%s is the endpoint %s', async (wanted, id) => {
  expect(await remove(wanted)).toBe(id)
})

it.each(['例子.测试:8443', '例子.测试', '例.测试:443', '', ':443', '[::1'])('"%s" is none', async (wanted) => {
  await expect(remove(wanted)).rejects.toThrow(CliFailure)
})
