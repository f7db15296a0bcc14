/**
 * Every text of the console in English: one file for each page.
 *
 * @module
 */
import type { SameKeys } from '../texts.ts'
import type { zh } from '../zh/index.ts'
import { buy } from './buy.ts'
import { certificates } from './certificates.ts'
import { applications } from './applications.ts'
import { contacts } from './contacts.ts'
import { endpoints } from './endpoints.ts'
import { targets } from './targets.ts'
import { dnsConnections } from './dns-connections.ts'
import { issuers } from './issuers.ts'
import { problem } from './problem.ts'
import { shell } from './shell.ts'
import { signIn } from './sign-in.ts'
import { terms } from './terms.ts'
import { upload } from './upload.ts'

export const en: SameKeys<typeof zh> = {
  shell,
  signIn,
  problem,
  terms,
  certificates,
  upload,
  applications,
  contacts,
  endpoints,
  targets,
  buy,
  issuers,
  dnsConnections,
}
