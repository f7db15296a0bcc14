/**
 * Notices: what was told, by which channels, and when.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { channelRole, channelTestView, channelView, noticeSettings as settings, noticeView } from './notice-views.ts'
import { byId, paging, read, remove, write } from './operation.ts'
import { id, page } from './views.ts'

export const notices = {
  list: read('/notices', 'Notices', 'List notices with their deliveries, newest first', 'notices:read')
    .input(z.strictObject({ certificateId: id.optional(), ...paging }))
    .output(page(noticeView)),
  inbox: read('/notices/inbox', 'Notices', 'List what nobody has read yet', 'notices:read')
    .input(z.strictObject(paging))
    .output(page(noticeView)),
  markRead: write(
    '/notices/{id}/read',
    'Notices',
    'Mark a notice read; it is repeated at the next lead. One that is for everybody takes notices:write as well',
    'notices:read',
  )
    .input(byId)
    .output(noticeView),
}

export const noticeSettings = {
  get: read('/notices/settings', 'Notices', 'Leads, quiet hours, language and recipients', 'notices:read').output(settings),
  set: write('/notices/settings', 'Notices', 'Replace leads, quiet hours, language and recipients', 'notices:write')
    .input(settings)
    .output(settings),
}

const channelDetail = channelView.extend({
  config: z.record(z.string(), z.unknown()).meta({ description: 'Without its secrets' }),
  secretsSet: z.array(z.string()).meta({ description: 'Which secrets are set' }),
})
export type ChannelDetail = z.infer<typeof channelDetail>

const channelName = line(64)

export const channels = {
  list: read('/channels', 'Notices', 'List the channels that carry notices, in the order of creation', 'notices:read').output(
    page(channelView),
  ),
  create: write('/channels', 'Notices', 'Add a channel; its settings are not shown again', 'notices:write', { created: true })
    .input(
      z.strictObject({
        name: channelName,
        kind: z.string().min(1).max(32),
        role: channelRole.default('always'),
        config: z.record(z.string(), z.unknown()),
      }),
    )
    .output(channelView),
  get: read('/channels/{id}', 'Notices', 'One channel with its settings, without their secrets', 'notices:write')
    .input(byId)
    .output(channelDetail),
  update: write(
    '/channels/{id}',
    'Notices',
    'Change name, role or settings of a channel; secrets that are left out stay unless they would go elsewhere',
    'notices:write',
  )
    .input(
      z.strictObject({
        id,
        name: channelName.optional(),
        role: channelRole.optional(),
        config: z.record(z.string(), z.unknown()).optional().meta({ description: 'All settings but secrets anew' }),
      }),
    )
    .output(channelView),
  test: write('/channels/{id}/test', 'Notices', 'Send a test message now, and say what happened', 'notices:write')
    .input(byId)
    .output(channelTestView),
  remove: remove('/channels/{id}', 'Notices', 'Forget a channel and its settings', 'notices:write').input(byId).output(byId),
}
