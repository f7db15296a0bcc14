/**
 * The newest checkpoint, kept where who writes to the database does not: in the data folder of this node. So it is seen when lines were taken
 * out at the end, or when all of it was taken out so that the service would chain and sign anew what somebody had altered.
 *
 * @module
 */
import { sql } from 'kysely'
import type { AuditCheckpoint, AuditFault, PublicJwk } from '@evercert/pki'
import type { Services } from '../context.ts'
import { endAuditAlarm, raiseAuditAlarm } from './alarm.ts'
import { loadCheckpointKeys, readBatch, type BatchColumns } from './checkpoint.ts'
import { LEAST_RETENTION_MS } from './retention.ts'

const BATCHES_AT_ONCE = 500

/** Keeps the newest checkpoint, if it goes on from the one that is kept; otherwise that one stays, and goes on telling so. */
export async function moveAnchor(services: Services): Promise<void> {
  const { auditAnchor, log } = services
  try {
    const keys = await loadCheckpointKeys(services)
    const kept = readKept(services)
    const fault = await findAnchorFault(services)
    const walk =
      fault === null ? await walkFrom(services, keys, kept === null ? null : (kept?.position ?? 0)) : { fault, jws: null }
    if (walk.fault !== null) return raiseAuditAlarm(services, walk.fault)
    endAuditAlarm(services)
    if (walk.jws !== null) auditAnchor.write(walk.jws)
  } catch (error) {
    log.error({ event: 'audit.failed', error }) // a full disk stops no sealing
  }
}

/** Null when the kept checkpoint is in the chain, or was removed by retention, or none was kept. */
export async function findAnchorFault(services: Services): Promise<AuditFault | null> {
  const { db, auditAnchor, now } = services
  const kept = readKept(services)
  if (kept === null) return null
  if (kept === undefined) return faultOf('keptUnreadable', 0, `no checkpoint in ${auditAnchor.place}`)
  const { position, jws } = kept
  const row = await db.selectFrom('audit_batch').select('jws').where('position', '=', position).executeTakeFirst()
  if (row?.jws === jws) return null
  const first = row === undefined ? await findFirst(services) : null
  // What the columns say of a removal is believed when the checkpoint that stays is ours, and as old as what retention removes.
  const stays = first?.removed === true && Number(first.position) > position ? await readOwn(services, first) : null
  if (stays !== null && Date.parse(stays.at) <= now() - LEAST_RETENTION_MS) return null
  return faultOf('cutOff', position, `not the checkpoint that ${auditAnchor.place} keeps`)
}

function faultOf(kind: AuditFault['kind'], position: number, found: string): AuditFault {
  return { kind, position, through: position, line: null, expected: null, found }
}

function findFirst({ db }: Services) {
  return db
    .selectFrom('audit_batch')
    .select(['position', 'hashes', 'jws', 'removed'])
    .orderBy('position')
    .limit(1)
    .executeTakeFirst()
}

async function readOwn(services: Services, batch: BatchColumns): Promise<AuditCheckpoint | null> {
  return readBatch(batch, await loadCheckpointKeys(services))
}

/**
 * Goes from the kept checkpoint to the newest: each is signed by us, and follows the one before.
 *
 * @param from position of the kept one; null: none is, and the newest is taken as it is when we signed it
 */
async function walkFrom(
  services: Services,
  keys: readonly PublicJwk[],
  from: number | null,
): Promise<{ readonly fault: AuditFault | null; readonly jws: string | null }> {
  let last: { readonly position: number; readonly jws: string } | null = null
  for (;;) {
    const rows = await loadBatches(services, last?.position ?? null, from)
    for (const row of rows) {
      const claims = readBatch(row, keys)
      const position = Number(row.position)
      if (claims === null) return { fault: faultOf('checkpointForged', position, 'no valid signature'), jws: null }
      if (last !== null && claims.previous !== last.position)
        return {
          fault: faultOf('checkpointRemoved', last.position + 1, `a checkpoint that follows ${claims.previous}`),
          jws: null,
        }
      last = { position, jws: row.jws }
    }
    if (rows.length < BATCHES_AT_ONCE) return { fault: null, jws: last?.jws ?? null }
  }
}

/** @param after what was seen; null: begin, with the newest if there is no `from` */
async function loadBatches({ db }: Services, after: number | null, from: number | null): Promise<BatchColumns[]> {
  if (after === null && from === null) {
    const newest = await db.selectFrom('audit_batch').select(COLUMNS).orderBy('position', 'desc').limit(1).executeTakeFirst()
    return newest === undefined ? [] : [newest]
  }
  return db
    .selectFrom('audit_batch')
    .select(COLUMNS)
    .where('position', after === null ? '>=' : '>', after ?? from ?? 0)
    .orderBy('position')
    .limit(BATCHES_AT_ONCE)
    .execute()
}

const COLUMNS = ['position', 'jws', sql<Uint8Array>`substring(hashes from length(hashes) - 31)`.as('hashes')] as const

/** Null: none was kept; undefined: there is a file, and no checkpoint in it. Not verified: it is compared with what is. */
function readKept({ auditAnchor }: Services): { readonly jws: string; readonly position: number } | null | undefined {
  const jws = auditAnchor.read()
  if (jws === null) return null
  const position = positionIn(jws)
  return position === null ? undefined : { jws, position }
}

function positionIn(jws: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const position = typeof claims === 'object' && claims !== null && 'position' in claims ? Number(claims.position) : 0
    return Number.isSafeInteger(position) && position > 0 ? position : null
  } catch {
    return null
  }
}
