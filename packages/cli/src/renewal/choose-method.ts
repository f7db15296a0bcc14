/**
 * How the names of a renewal are validated, where neither an earlier application nor the installation says it.
 *
 * @module
 */
import type { ApplicationView, CertificateDetail } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { choose, mayAsk } from '../choice.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'

type Form = ApplicationView['form']

/** An upload was never applied for: its prefilled DNS by hand is what suits every name, not what anybody chose. */
export function isMethodUnknown({ id, form }: ApplicationView, old: Pick<CertificateDetail, 'origin'>): boolean {
  return id === null && old.origin === 'uploaded' && form.validationMethod === 'dnsManual'
}

/** What to change of the form: nothing when it is known, or when there is nobody to ask. @throws Interrupted on Ctrl-C */
export async function askMethod(
  session: Session,
  client: Client,
  { application, old }: { readonly application: ApplicationView; readonly old: CertificateDetail },
  signal?: AbortSignal,
): Promise<Partial<Form>> {
  if (!isMethodUnknown(application, old) || !mayAsk(session)) return {}
  const { say } = session
  const connections = (await client.dnsConnections.list()).items
  const hasWildcard = application.form.domains.some((domain) => domain.startsWith('*.'))
  const answer = await choose(session, {
    question: { en: 'How are its names validated?', zh: '如何验证其域名？' },
    options: [
      ...connections.map(({ id, name }) => ({
        value: id,
        label: say(`by DNS, automatically through ${clean(name)}`, `通过 ${clean(name)} 自动 DNS 验证`),
      })),
      ...(hasWildcard
        ? []
        : [{ value: 'file', label: say('by file on each site, or forwarded to Evercert', '文件验证，或由站点转发至 Evercert') }]),
      { value: 'dnsManual', label: say('by DNS records that you add yourself', '自行添加 DNS 记录') },
    ],
    signal,
  })
  if (answer === 'file' || answer === 'dnsManual') return { validationMethod: answer, dnsConnectionId: null }
  return { validationMethod: 'dnsAutomatic', dnsConnectionId: answer }
}
