/**
 * Notices, their settings and channels: each operation one line to its service.
 *
 * @module
 */
import {
  createChannel,
  listChannels,
  loadChannelDetail,
  removeChannel,
  testChannel,
  updateChannel,
} from '../../services/notices/channels.ts'
import { listNotices, markRead } from '../../services/notices/notices.ts'
import { loadSettingsView, saveSettings } from '../../services/notices/settings.ts'
import { onePage, operations } from './operation.ts'

export const notices = {
  list: operations.notices.list.handler(({ context: { services, caller }, input }) => listNotices(services, caller, input)),
  inbox: operations.notices.inbox.handler(({ context: { services, caller }, input }) =>
    listNotices(services, caller, input, 'unread'),
  ),
  markRead: operations.notices.markRead.handler(({ context: { services, caller }, input }) =>
    markRead(services, caller, input.id),
  ),
}

export const noticeSettings = {
  get: operations.noticeSettings.get.handler(({ context: { services, caller } }) => loadSettingsView(services, caller)),
  set: operations.noticeSettings.set.handler(({ context: { services, caller }, input }) => saveSettings(services, caller, input)),
}

export const channels = {
  list: operations.channels.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listChannels(services, caller)),
  ),
  create: operations.channels.create.handler(({ context: { services, caller }, input }) =>
    createChannel(services, caller, input),
  ),
  get: operations.channels.get.handler(({ context: { services, caller }, input }) =>
    loadChannelDetail(services, caller, input.id),
  ),
  update: operations.channels.update.handler(({ context: { services, caller }, input: { id, ...change } }) =>
    updateChannel(services, caller, id, change),
  ),
  test: operations.channels.test.handler(({ context: { services, caller }, input }) => testChannel(services, caller, input.id)),
  remove: operations.channels.remove.handler(({ context: { services, caller }, input }) =>
    removeChannel(services, caller, input.id),
  ),
}
