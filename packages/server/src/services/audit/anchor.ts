/**
 * The newest checkpoint, kept where who writes to the database does not: in the data folder of this node. So it is seen when lines were taken
 * out at the end, or when all of it was taken out so that the service would chain and sign anew what somebody had altered.
 *
 * @module
 */
import type { AuditFault } from '@evercert/pki'
import type { Services } from '../context.ts'

const told = new WeakSet<Services>()

/** Keeps the newest checkpoint; not while the one that is kept is missing, so that it goes on telling so. */
export async function moveAnchor(services: Services): Promise<void> {
  const { db, auditAnchor, log } = services
  try {
    const fault = await findAnchorFault(services)
    if (fault !== null) {
      if (!told.has(services)) log.error({ event: 'audit.cutOff', kept: auditAnchor.place, position: fault.position })
      told.add(services)
      return
    }
    const newest = await db.selectFrom('audit_batch').select('jws').orderBy('position', 'desc').limit(1).executeTakeFirst()
    if (newest !== undefined) auditAnchor.write(newest.jws)
  } catch (error) {
    log.error({ event: 'audit.failed', error }) // a full disk stops no sealing
  }
}

/** Null when the kept checkpoint is in the chain, or was removed by retention, or none was kept. */
export async function findAnchorFault({ db, auditAnchor }: Services): Promise<AuditFault | null> {
  const jws = auditAnchor.read()
  if (jws === null) return null
  const position = positionIn(jws)
  const row = await db.selectFrom('audit_batch').select('jws').where('position', '=', position).executeTakeFirst()
  if (row?.jws === jws) return null
  const first = await db.selectFrom('audit_batch').select(['position', 'removed']).orderBy('position').limit(1).executeTakeFirst()
  if (row === undefined && first?.removed === true && Number(first.position) > position) return null
  const found = `not the checkpoint that ${auditAnchor.place} keeps`
  return { kind: 'cutOff', position, through: position, line: null, expected: null, found }
}

/** Not verified: it is compared with what is. */
function positionIn(jws: string): number {
  const claims: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8') || 'null')
  const position = typeof claims === 'object' && claims !== null && 'position' in claims ? Number(claims.position) : 0
  return Number.isSafeInteger(position) ? position : 0
}
