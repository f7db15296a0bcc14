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
  readonly isUntried?: boolean
}

/** What somebody enters, before defaults are filled in; what JSON Schema cannot say is left out. */
export function describeAdapter({ id, title, apiDocs, isUntried, config }: DescribedAdapter): AdapterView {
  const untried = isUntried === undefined ? {} : { isUntried }
  return { id, title, apiDocs, ...untried, configSchema: z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) }
}
