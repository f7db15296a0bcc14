/**
 * The OpenAPI 3.1 document, made from the contract, and a page that shows it.
 *
 * @module
 */
import { OpenAPIGenerator } from '@orpc/openapi'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import { contract, problemDocument, type OperationMeta } from '@evercert/contract'

const IDEMPOTENCY_HEADER = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The same key and request give the same answer, and one effect',
  schema: { type: 'string', minLength: 1, maxLength: 128 },
} as const

const METHODS: Readonly<Record<string, 'get' | 'post' | 'delete'>> = { GET: 'get', POST: 'post', DELETE: 'delete' }

function headersOf(idempotent: boolean | 'required' | undefined) {
  return idempotent === true || idempotent === 'required' ? [{ ...IDEMPOTENCY_HEADER, required: idempotent === 'required' }] : []
}

/** @param version of the product */
export async function createOpenApiDocument(version: string): Promise<object> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] })
  const document = await generator.generate(contract, {
    info: {
      title: 'Evercert',
      version,
      description: 'SSL certificates: buy, renew, install, and prove by handshake what is served.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }, { session: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'evercert.session_token' },
      },
    },
    commonSchemas: { Problem: { schema: problemDocument } },
  })
  const problem = {
    description: 'A problem document (RFC 9457)',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  for (const [name, group] of Object.entries(contract)) {
    for (const [operationName, procedure] of Object.entries(group)) {
      const { route, meta } = procedure['~orpc']
      const path = document.paths?.[route.path ?? '']
      const operation = path?.[METHODS[route.method ?? 'POST'] ?? 'post']
      if (operation === undefined) throw new Error(`operation ${name}.${operationName} is missing in the OpenAPI document`)
      operation.responses = { ...operation.responses, default: problem }
      describeAccess(operation, meta.operation)
      keepToQuery(operation.parameters)
      const headers = headersOf(meta.operation?.idempotent)
      if (headers.length > 0) operation.parameters = [...(operation.parameters ?? []), ...headers]
    }
  }
  return document
}

function describeAccess(operation: { description?: string; security?: object[] }, meta: OperationMeta | undefined): void {
  operation.description = `Permission: ${meta?.scope ?? '-'}`
  if (meta?.isOpen === true) operation.security = []
}

/** For a query alone (OpenAPI 3.1.1 §4.8.12.2); the generator says it of paths too. */
function keepToQuery(parameters: readonly object[] = []): void {
  for (const parameter of parameters as { in?: string; allowEmptyValue?: boolean; allowReserved?: boolean }[]) {
    if (parameter.in === 'query') continue
    delete parameter.allowEmptyValue
    delete parameter.allowReserved
  }
}
