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

export const masterKeysView = z.object({
  id: id.meta({ description: 'The key that new secrets are sealed with' }),
  kind: z
    .enum(['file', 'setting'])
    .meta({ description: 'Whether the service keeps the keys of this node, or the operator gives them' }),
  place: z.string().meta({ description: 'Where they are on this node' }),
  at: instant,
  remaining: z.int().meta({ description: 'Records under earlier keys; they become fewer by themselves' }),
  keys: z.array(
    z.object({
      id,
      state: z.enum(['seals', 'opens', 'unused']).meta({ description: 'unused: this node has it, and it never sealed anything' }),
      records: z.int(),
      since: instant.nullable(),
    }),
  ),
  removable: z.array(id).meta({ description: 'Earlier keys that no record needs' }),
  nodes: z.array(
    z.object({
      node: z.string(),
      isHere: z.boolean().meta({ description: 'The node that answered' }),
      lacks: z.array(id).meta({ description: 'Keys that it needs, or will need after a rotation' }),
    }),
  ),
})
export type MasterKeysView = z.infer<typeof masterKeysView>

export const masterKeys = {
  list: read('/master-keys', TAG, 'Where each master key stands; never the keys (operator)', SCOPE).output(masterKeysView),
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
