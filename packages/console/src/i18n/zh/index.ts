/**
 * Every text of the console in Chinese: one file for each page.
 *
 * @module
 */
import { adapters } from './adapters.ts'
import { balance } from './balance.ts'
import { buy } from './buy.ts'
import { certificate } from './certificate.ts'
import { certificates } from './certificates.ts'
import { dnsConnections } from './dns-connections.ts'
import { forms } from './forms.ts'
import { issuers } from './issuers.ts'
import { notices } from './notices.ts'
import { orders } from './orders.ts'
import { problem } from './problem.ts'
import { products } from './products.ts'
import { renewal } from './renewal.ts'
import { settings } from './settings.ts'
import { shell } from './shell.ts'
import { signIn } from './sign-in.ts'
import { terms } from './terms.ts'

export const zh = {
  shell,
  signIn,
  problem,
  terms,
  certificates,
  certificate,
  renewal,
  forms,
  adapters,
  balance,
  buy,
  orders,
  products,
  issuers,
  dnsConnections,
  notices,
  settings,
}
