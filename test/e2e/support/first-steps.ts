/**
 * The first steps as a new operator goes them, from the link that the service prints to the receipt of the first renewal: nothing but the pages, as
 * somebody finds their way who was never here.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import type { Nginx } from '../../harness/nginx.ts'
import type { Hands } from './hands.ts'

export interface Newcomer {
  readonly page: Page
  readonly hands: Hands
  readonly domain: string
  readonly nginx: Nginx
  readonly pair: { readonly certificatePath: string; readonly keyPath: string }
  /** After each part. */
  readonly onPart?: (name: string) => Promise<void>
}

/** Name, e-mail and password, by the link of the first start. */
export async function becomeOperator({ page, hands }: Newcomer): Promise<void> {
  await hands.type(page.getByLabel('Name'), 'Wei')
  await hands.type(page.getByLabel('E-mail'), 'wei@example.com')
  await hands.type(page.locator('input[type=password]').first(), 'a violet tractor sings')
  await hands.press(page.getByRole('button', { name: 'Create and sign in' }))
  await hands.see(page.getByRole('region', { name: 'First steps' }).getByText('Have a certificate here'))
}

export async function buyTheFirst({ page, hands, domain, onPart }: Newcomer): Promise<void> {
  await hands.press(page.getByRole('region', { name: 'First steps' }).getByRole('link', { name: 'Buy one' }))
  await hands.press(page.getByText(/^Evercert Private CA, DV, single domain/))
  await hands.press(page.getByRole('button', { name: 'Place the order' }))
  await hands.see(page.getByRole('region', { name: 'Payment', exact: true }))
  await onPart?.('order')
  await hands.press(page.getByRole('button', { name: 'Record a top-up' }))
  await hands.press(page.getByRole('dialog').locator('button[type=submit]'))
  await hands.press(page.getByRole('button', { name: /^Pay CN¥/ }))
  await hands.type(page.getByLabel('Domain names'), domain)
  await hands.type(page.getByLabel('Name', { exact: true }), 'Wei')
  await hands.type(page.getByLabel('E-mail'), 'wei@example.com')
  await hands.type(page.getByLabel('Phone'), '+86 138 1234 5678')
  await onPart?.('application')
  await hands.press(page.getByRole('button', { name: 'Submit the application' }))
  await hands.see(page.getByText('The new certificate is issued, and not yet served everywhere'))
}

export async function sayWhereItIsUsed({ page, hands, nginx, pair, onPart }: Newcomer): Promise<void> {
  await hands.type(page.getByRole('dialog').getByLabel('Port'), String(nginx.httpsPort))
  await hands.press(page.getByRole('dialog').getByRole('button', { name: 'Add the endpoint' }))
  await hands.press(page.getByRole('dialog').getByRole('link', { name: 'See the certificate' }))
  await hands.press(page.locator('#targets').getByRole('button', { name: 'Add a target' }))
  const drawer = page.getByRole('dialog')
  await hands.press(drawer.locator('input[id$=kind]'))
  await hands.press(page.locator('.ant-select-item-option-content', { hasText: /^nginx$/ }))
  await hands.paste(drawer.locator('input[id$="certificatePath"]').first(), pair.certificatePath)
  await hands.paste(drawer.locator('input[id$="keyPath"]').first(), pair.keyPath)
  await hands.paste(drawer.locator('textarea[id$="testCommand"]'), nginx.testCommand.join('\n'))
  await hands.paste(drawer.locator('textarea[id$="reloadCommand"]'), nginx.reloadCommand.join('\n'))
  await onPart?.('target')
  await hands.press(drawer.locator('button[type=submit]'))
  await hands.see(page.locator('#targets').getByText('proved').first())
}

export async function renewOnce({ page, hands, onPart }: Newcomer): Promise<void> {
  await hands.press(page.getByRole('link', { name: 'First steps' }))
  await hands.press(page.getByRole('link', { name: 'Renew or reissue' }))
  await hands.press(page.getByRole('dialog').locator('button[type=submit]'))
  await onPart?.('reissue')
  await hands.see(page.getByText('Renewed: every address serves the new certificate'))
}
