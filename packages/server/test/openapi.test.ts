import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { createOpenApiDocument } from '../src/http/openapi.ts'

test('the document is valid OpenAPI 3.1, by its official schema and by its references', async () => {
  const document = { ...(await createOpenApiDocument('1.0.0')) }
  const validator = new Validator()
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true })
  expect(validator.version).toBe('3.1')
  expect(await validator.validate({ ...document, paths: { orders: {} } })).toMatchObject({ valid: false })
})
