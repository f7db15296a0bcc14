/**
 * The list as a whole: each operation one line to its service.
 *
 * @module
 */
import { watchCertificate, watchList } from '../../services/certificate-events.ts'
import { exportCertificates } from '../../services/certificate-export.ts'
import { countCertificates, countExpiries } from '../../services/certificate-list.ts'
import { loadFirstSteps } from '../../services/first-steps.ts'
import { forecast, funnel } from '../../services/outlook.ts'
import { renameCertificate, tagCertificate, tagCertificates } from '../../services/certificate-tags.ts'
import { listHistory } from '../../services/history.ts'
import { onePage, operations, requireStill } from './operation.ts'

export const overview = {
  counts: operations.certificates.counts.handler(async ({ context: { services, caller } }) => ({
    ...onePage(await countCertificates(services, caller)),
    renewalWindow: { days: services.policy.windowDays, timeZone: services.policy.calendar?.timeZone ?? null },
  })),
  changes: operations.certificates.changes.handler(({ context, input, signal }) =>
    watchList(context.services, context.caller, {
      signal,
      mayStill: () => requireStill(context, 'certificates.changes', input),
    }),
  ),
  events: operations.certificates.events.handler(({ context, input, signal }) =>
    watchCertificate(context.services, context.caller, {
      id: input.id,
      signal,
      mayStill: () => requireStill(context, 'certificates.events', input),
    }),
  ),
  expiries: operations.certificates.expiries.handler(async ({ context: { services, caller }, input }) =>
    onePage(await countExpiries(services, caller, input.days)),
  ),
  firstSteps: operations.certificates.firstSteps.handler(({ context: { services, caller } }) => loadFirstSteps(services, caller)),
  forecast: operations.certificates.forecast.handler(({ context: { services, caller }, input }) =>
    forecast(services, caller, input.months),
  ),
  funnel: operations.certificates.funnel.handler(({ context: { services, caller } }) => funnel(services, caller)),
  history: operations.certificates.history.handler(({ context: { services, caller }, input }) =>
    listHistory(services, caller, input.id, input),
  ),
  rename: operations.certificates.rename.handler(({ context: { services, caller }, input }) =>
    renameCertificate(services, caller, input.id, input.name),
  ),
  tag: operations.certificates.tag.handler(({ context: { services, caller }, input }) =>
    tagCertificate(services, caller, input.id, input),
  ),
  tagMany: operations.certificates.tagMany.handler(({ context: { services, caller }, input }) =>
    tagCertificates(services, caller, input.ids, input),
  ),
  export: operations.certificates.export.handler(({ context: { services, caller }, input }) =>
    exportCertificates(services, caller, input),
  ),
}
