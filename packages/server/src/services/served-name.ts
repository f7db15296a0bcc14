/**
 * Targets that serve a single name: endpoints of other names tell nothing of them.
 *
 * @module
 */
import { findAdapter, parseConfig, type Services } from './context.ts'

/** The one name that such a target serves; null: any. */
export async function nameServed(
  services: Pick<Services, 'adapters' | 'vault' | 'db'>,
  kind: string,
  secretId: string,
): Promise<string | null> {
  const adapter = findAdapter(services.adapters.deploy, kind, 'target')
  if (adapter.servedName === undefined) return null
  const raw: unknown = JSON.parse(await services.vault.open(services.db, secretId, 'targetConfig'))
  return adapter.servedName(parseConfig(adapter, raw))
}

/** @param served as {@link nameServed} gives it: with a dot in front it stands for all names below */
export function isNameOf(served: string, name: string): boolean {
  return served.startsWith('.') ? name.endsWith(served) : name === served
}
