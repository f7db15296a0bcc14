/**
 * The one client of the console. Pages call it inside queries and mutations; what fails is an `ApiProblem` or a lost connection.
 *
 * @module
 */
import type { ExportFormat, ExportQuery } from '@evercert/contract'
import { createClient, openExport } from '@evercert/contract/client'
import { readTabAccount } from './tab-account.ts'
import { readTabToken } from './tab-token.ts'

/** As whom, and in which account, this tab calls. */
export const caller = { url: location.origin, readToken: readTabToken, readAccountId: readTabAccount }
export const api = createClient(caller)

/** Who calls with a token of its own, for instance to try one. */
export function createClientWith(token: string): ReturnType<typeof createClient> {
  return createClient({ url: location.origin, token })
}

/** The filtered list, or what of it is selected, as a file, while it comes. @throws ApiProblem; the transport's own error when the service is away */
export function openListExport(request: ExportQuery & { readonly format: ExportFormat }): Promise<ReadableStream<Uint8Array>> {
  return openExport(caller, request)
}
