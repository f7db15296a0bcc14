/** The registry of deployment adapters: a new one is one line here. */
import type { DeployAdapter } from '../../ports/deploy.ts'
import { agent } from './agent.ts'
import { alibabaCas } from './alibaba-cas.ts'
import { alibabaCdn } from './alibaba-cdn.ts'
import { apache } from './apache.ts'
import { awsAcm } from './aws-acm.ts'
import { caddy } from './caddy.ts'
import { dovecot } from './dovecot.ts'
import { haproxy } from './haproxy.ts'
import { kubernetes } from './kubernetes.ts'
import { lighttpd } from './lighttpd.ts'
import { localFiles } from './local-files.ts'
import { nginx } from './nginx.ts'
import { postfix } from './postfix.ts'
import { tencentSsl } from './tencent-ssl.ts'
import { tomcat } from './tomcat.ts'
import { webhook } from './webhook.ts'

export const deployAdapters: readonly DeployAdapter[] = [
  nginx,
  apache,
  haproxy,
  lighttpd,
  caddy,
  tomcat,
  postfix,
  dovecot,
  localFiles,
  kubernetes,
  webhook,
  agent,
  awsAcm,
  alibabaCas,
  alibabaCdn,
  tencentSsl,
]
