/**
 * Another person for a service in a process of its own: a member who signs in as a browser does, and makes a token for their programs.
 *
 * @module
 */
import type { MemberRole, Scope } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { openBrowser, tokenOf } from '../../../packages/server/test/support/browser.ts'

interface Wish {
  readonly name: string
  /** One that may make tokens; what the token may do is said by the permissions. */
  readonly role: MemberRole
  readonly scopes: readonly Scope[]
}

const PASSWORD = 'a violet tractor sings'

/** @param operator may invite into its account @returns the member's token */
export async function aMembersToken(url: string, operator: Client, { name, role, scopes }: Wish): Promise<string> {
  const email = `${name}@example.com`
  const { link } = await operator.invitations.create({ email, role })
  await operator.invitations.accept({ token: tokenOf(link), password: PASSWORD, name })
  const browser = openBrowser({ url, fetch: (path, init) => fetch(new URL(path, url), init) })
  await browser.signIn({ email, password: PASSWORD })
  const made = await browser.send<{ token: string }>('POST', '/api/v1/tokens', { body: { name, scopes } })
  if (made.problem !== null) throw new Error(made.problem.detail)
  return made.body.token
}
