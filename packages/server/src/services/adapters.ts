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
  readonly identity?: readonly string[]
  readonly settingsFromEnvironment?: boolean
}

/** What somebody enters, before defaults are filled in; what JSON Schema cannot say is left out. */
export function describeAdapter({ id, title, apiDocs, config, ...more }: DescribedAdapter): AdapterView {
  const { isUntried, identity, settingsFromEnvironment } = more
  return {
    id,
    title,
    apiDocs,
    ...(isUntried !== undefined && { isUntried }),
    ...(identity !== undefined && { identity: [...identity] }),
    ...(settingsFromEnvironment !== undefined && { settingsFromEnvironment }),
    configSchema: z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }),
  }
}
