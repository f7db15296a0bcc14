/**
 * What can be connected: each operation lists the adapters of one port.
 *
 * @module
 */
import { describeAdapter } from '../../services/adapters.ts'
import { onePage, operations } from './operation.ts'

export const adapters = {
  ca: operations.adapters.ca.handler(({ context: { services } }) => onePage(services.adapters.ca.map(describeAdapter))),
  dns: operations.adapters.dns.handler(({ context: { services } }) => onePage(services.adapters.dns.map(describeAdapter))),
  deploy: operations.adapters.deploy.handler(({ context: { services } }) =>
    onePage(services.adapters.deploy.map(describeAdapter)),
  ),
  notify: operations.adapters.notify.handler(({ context: { services } }) =>
    onePage(services.adapters.notify.map(describeAdapter)),
  ),
  payment: operations.adapters.payment.handler(({ context: { services } }) =>
    onePage(services.adapters.payment.map(describeAdapter)),
  ),
}
