/**
 * A data folder with one certificate that has twelve days left, made once by the same code on an earlier clock and copied for each case.
 *
 * @module
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { buy, findProduct, issuedAtFor } from '../../../demo/past.ts'
import { openHouse } from './house.ts'
import { waitForIssuance } from './renewal.ts'
import { waitFor } from './wait-for.ts'

export const SITE_NAME = 'shop.evercert.test'

const CONTACT = { name: 'Operator', email: 'operator@evercert.test', phone: '+86 10 0000 0000' }

/**
 * Fills the data folder (and the database that the environment names). The service is stopped when it resolves.
 *
 * @param folder holds `data`; a site that is needed meanwhile is made beside it
 */
export async function fillTemplate(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const clockOffsetMs = issuedAtFor(Date.now()) - Date.now()
  const house = await openHouse({ folder, names: [SITE_NAME], environment, clockOffsetMs })
  try {
    const { certificateId } = await house.call(async (client) => buy(client, await findProduct(client)))
    const id = certificateId ?? ''
    await house.call((client) =>
      client.applications.submit({ id, domains: [SITE_NAME], contact: CONTACT, validationMethod: 'file' }),
    )
    await waitForIssuance(house, id)
    await waitFor('the template to come to rest', async () => ((await house.service().audit(id)).atRest ? true : null))
  } finally {
    await house.close()
  }
}

export function copyTemplate(template: string, folder: string): Promise<void> {
  return cp(join(template, 'data'), join(folder, 'data'), { recursive: true })
}
