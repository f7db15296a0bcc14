/**
 * The registered adapters as they describe themselves.
 *
 * @module
 */
import { z } from 'zod'
import type { AdapterView } from '@evercert/contract'

interface DescribedAdapter {
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType
}

/** What somebody enters, before defaults are filled in; what JSON Schema cannot say is left out. */
export function describeAdapter({ id, title, apiDocs, config }: DescribedAdapter): AdapterView {
  return { id, title, apiDocs, configSchema: z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) }
}
