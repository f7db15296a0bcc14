/**
 * What is wrong with the audit log by what this node saw while it sealed: told once in the log, and by `/readyz` as long as it lasts.
 *
 * @module
 */
import type { AuditFault } from '@evercert/pki'
import type { Services } from '../context.ts'

const alarms = new WeakMap<Services['auditAnchor'], AuditFault['kind']>()

export function auditAlarm({ auditAnchor }: Pick<Services, 'auditAnchor'>): AuditFault['kind'] | null {
  return alarms.get(auditAnchor) ?? null
}

export function raiseAuditAlarm({ auditAnchor, log }: Services, { kind, position }: Pick<AuditFault, 'kind' | 'position'>): void {
  if (alarms.get(auditAnchor) !== kind) log.error({ event: `audit.${kind}`, kept: auditAnchor.place, position })
  alarms.set(auditAnchor, kind)
}

export function endAuditAlarm({ auditAnchor }: Services): void {
  alarms.delete(auditAnchor)
}
