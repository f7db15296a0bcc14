/**
 * The commands around endpoints: list, add, prove, remove.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import { ENDPOINT_PROTOCOLS } from '@evercert/pki/probe'
import type { Bind } from './applicant-commands.ts'
import {
  addEndpointCommand,
  listEndpointsCommand,
  proveEndpointsCommand,
  removeEndpointCommand,
  type AddEndpointOptions,
  type EndpointListOptions,
} from './commands/endpoints.ts'
import type { Say } from './language.ts'

export function addEndpointCommands(program: Command, bind: Bind, say: Say): void {
  const endpoints = program
    .command('endpoints')
    .description(say('what clients connect to: list, add, prove, remove', '站点：列出、添加、立即探测、删除'))
  const certificate = say('id, its beginning, name or domain', '编号、编号前缀、名称或域名')
  endpoints
    .command('list', { isDefault: true })
    .description(say('list endpoints with what they serve', '列出站点及其实际使用的证书'))
    .option('--certificate <certificate>', say('only those of this certificate', '仅该证书的站点'))
    .action(bind<[EndpointListOptions]>(listEndpointsCommand))
  endpoints
    .command('add')
    .argument('<host[:port]>', say('default port: that of the protocol', '默认端口取决于协议'))
    .description(
      say('add a site that has to serve a certificate; it is probed at once', '添加须使用该证书的站点；添加后立即探测'),
    )
    .requiredOption('--certificate <certificate>', certificate)
    .option('--server-name <name>', say('name to ask for (SNI); default: its host', '探测时使用的域名（SNI），默认为其主机名'))
    .addOption(new Option('--protocol <protocol>', say('default tls', '默认 tls')).choices(ENDPOINT_PROTOCOLS))
    .action(bind<[string, AddEndpointOptions]>(addEndpointCommand))
  endpoints
    .command('prove')
    .argument('<certificate>', certificate)
    .description(
      say(
        'look at every address now (exit code 1 unless each serves the certificate)',
        '立即探测每个地址（有地址未使用该证书时退出码为 1）',
      ),
    )
    .action(bind<[string, object]>(proveEndpointsCommand))
  endpoints
    .command('remove')
    .argument(
      '<endpoint>',
      say(
        'id, or host:port; host:port/rsa or /ecdsa where two certificates share a site',
        '编号，或 主机:端口；两张证书共用站点时为 主机:端口/rsa 或 /ecdsa',
      ),
    )
    .description(say('forget an endpoint and its proof', '删除站点及其生效证明'))
    .action(bind<[string, object]>(removeEndpointCommand))
}
