/**
 * Texts of forms and lists that stand deep in pages: loaded after the first page is there.
 *
 * @module
 */
import { adapters } from './adapters.ts'
import { agents } from './agents.ts'
import { approvals } from './approvals.ts'
import { audit } from './audit.ts'
import { balance } from './balance.ts'
import { brands } from './brands.ts'
import { bulk } from './bulk.ts'
import { certificate } from './certificate.ts'
import { chain } from './chain.ts'
import { companies } from './companies.ts'
import { csrs } from './csrs.ts'
import { deploymentLog } from './deployment-log.ts'
import { device } from './device.ts'
import { discovery } from './discovery.ts'
import { endpointMap } from './endpoint-map.ts'
import { fields } from './fields.ts'
import { firstSteps } from './first-steps.ts'
import { forms } from './forms.ts'
import { history } from './history.ts'
import { installation } from './installation.ts'
import { life } from './life.ts'
import { names } from './names.ts'
import { notices } from './notices.ts'
import { offer } from './offer.ts'
import { orders } from './orders.ts'
import { palette } from './palette.ts'
import { outlook } from './outlook.ts'
import { passkeys } from './passkeys.ts'
import { products } from './products.ts'
import { promotions } from './promotions.ts'
import { receipts } from './receipts.ts'
import { renewal } from './renewal.ts'
import { reviews } from './reviews.ts'
import { security } from './security.ts'
import { singleSignOn } from './single-sign-on.ts'
import { settings } from './settings.ts'

export const more = {
  adapters,
  approvals,
  agents,
  audit,
  balance,
  brands,
  bulk,
  certificate,
  chain,
  companies,
  csrs,
  deploymentLog,
  device,
  discovery,
  endpointMap,
  fields,
  firstSteps,
  forms,
  history,
  installation,
  life,
  names,
  notices,
  offer,
  orders,
  palette,
  outlook,
  passkeys,
  products,
  promotions,
  receipts,
  renewal,
  reviews,
  security,
  settings,
  singleSignOn,
}
