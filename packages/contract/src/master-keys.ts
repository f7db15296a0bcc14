/**
 * Master keys: which one seals, how many records are still under which, and rotation.
 *
 * @module
 */
import { z } from 'zod'
import { byId, read, remove, write } from './operation.ts'
import { id, instant } from './views.ts'

const TAG = 'Installation'
const SCOPE = 'installation:operate'

const nodeHealth = z.object({
  node: z.string(),
  isHere: z.boolean().meta({ description: 'The node that answered' }),
  awaySince: instant.nullable().meta({
    description:
      'Since when its token (PKCS#11) has not answered, so that nothing secret is opened or stored there; null: it answers',
  }),
})

const keyHealthView = z.object({
  place: z.string().meta({ description: 'Where the keys of this node are' }),
  nodes: z.array(nodeHealth),
})
export type KeyHealthView = z.infer<typeof keyHealthView>

export const masterKeysView = z.object({
  id: id.meta({ description: 'The key that new secrets are sealed with' }),
  kind: z.enum(['file', 'setting', 'token']).meta({
    description: 'Where a new key is made: by the service in a file or a PKCS#11 token; setting: the operator gives it',
  }),
  place: z.string().meta({ description: 'Where the keys of this node are' }),
  at: instant,
  remaining: z.int().meta({ description: 'Records under earlier keys; they become fewer by themselves' }),
  keys: z.array(
    z.object({
      id,
      state: z.enum(['seals', 'opens', 'unused']).meta({ description: 'unused: this node has it, and it never sealed anything' }),
      records: z.int(),
      since: instant.nullable(),
      place: z.string().nullable().meta({ description: 'Where it is on this node; null: this node does not have it' }),
      isOurs: z
        .boolean()
        .meta({ description: 'Removing it takes it away from there as well; else the operator does that afterwards' }),
      isInToken: z.boolean().meta({ description: 'In a PKCS#11 token, which it never leaves: it is in no backup' }),
    }),
  ),
  removable: z.array(id).meta({ description: 'Earlier keys that no record needs' }),
  nodes: z.array(
    nodeHealth.extend({
      lacks: z.array(id).meta({ description: 'Keys that it needs, or will need after a rotation' }),
    }),
  ),
})
export type MasterKeysView = z.infer<typeof masterKeysView>

export const masterKeys = {
  list: read('/master-keys', TAG, 'Where each master key stands; never the keys (operator)', SCOPE).output(masterKeysView),
  health: read('/master-keys/health', TAG, 'Whether each node reaches its master keys (operator)', SCOPE).output(keyHealthView),
  rotate: write(
    '/master-keys/rotate',
    TAG,
    'Seal with a new master key, and wrap every record anew in the background (operator)',
    SCOPE,
  )
    .input(z.strictObject({}))
    .output(masterKeysView),
  remove: remove('/master-keys/{id}', TAG, 'Remove an earlier master key that no record needs (operator)', SCOPE)
    .input(byId)
    .output(masterKeysView),
}
