/**
 * The notification adapters. One line each.
 *
 * @module
 */
import type { NotifyAdapter } from '../../ports/notify.ts'
import { dingtalk } from './dingtalk.ts'
import { feishu } from './feishu.ts'
import { slack } from './slack.ts'
import { smtp } from './smtp.ts'
import { telegram } from './telegram.ts'
import { webhook } from './webhook.ts'
import { wecom } from './wecom.ts'

/** Each parses its own settings: `config` first, then `create` with what it gave. */
export const notifyAdapters: readonly NotifyAdapter[] = [smtp, webhook, dingtalk, wecom, feishu, slack, telegram]
