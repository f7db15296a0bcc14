/**
 * Somebody types a secret where a name or an identifier belongs, in every operation of the contract, and is refused: by everybody who may call,
 * and in every way in which it looks right and is not.
 *
 * @module
 */
import { CONTRACT_OPERATIONS, makeInput, type ContractOperation, type InputSource } from './contract-inputs.ts'

export interface TypedCall {
  readonly what: string
  readonly method: string
  readonly path: string
  readonly body: unknown
}

type Shape = ContractOperation['shape']

/** What a field demands that the secret itself does not look like. */
function likeField(field: string, secret: string): string {
  if (/email/i.test(field)) return `${secret}@example.com`
  if (/issuer$|url$/i.test(field)) return `https://${secret}.example.com/`
  if (/currency/.test(field)) return 'CNY'
  if (/domain|host/i.test(field)) return `${secret}.example.com`
  if (/(starts|ends|expires)At/.test(field)) return '2999-01-01T00:00:00.000Z'
  if (/password/i.test(field)) return `a violet ${secret} sings`
  if (/sha256/i.test(field)) return 'ab'.repeat(32)
  if (/^country$/.test(field)) return 'DE'
  return secret
}

/** Optional fields are there, and of choices the first: with null there would be nothing typed. */
const everything = (text: (field: string) => string): InputSource => ({ below: (limit) => (limit === 2 ? 1 : 0), text })

function bodyOf(shape: Shape, text: (field: string) => string): Record<string, unknown> {
  const made = makeInput(withoutNull(shape), everything(text))
  return typeof made === 'object' && made !== null ? (made as Record<string, unknown>) : {}
}

function withoutNull(shape: Shape): Shape {
  const choices = (shape.anyOf ?? shape.oneOf)?.filter(({ type }) => type !== 'null')
  const [only] = choices ?? []
  const { properties, items } = shape
  if (only !== undefined && choices?.length === 1) return withoutNull(only)
  return {
    ...shape,
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, withoutNull(each)])),
    }),
    ...(items !== undefined && { items: withoutNull(items) }),
  }
}

/** Whoever asks gets a code, which is good for nothing until a person says so. */
const GIVEN_TO_EVERYBODY: ReadonlySet<string> = new Set(['deviceLogins.begin', 'deviceLogins.poll'])

/**
 * None of these can succeed: what looks right asks for something that is not there, and everything else has a field too many.
 *
 * @param secret lower-case letters and digits, beginning with a letter: it passes for an identifier and for a name
 */
export function typedCalls(secret: string): { readonly refused: TypedCall[]; readonly forbidden: TypedCall[] } {
  const refused: TypedCall[] = []
  const forbidden: TypedCall[] = []
  for (const { name, method, path, shape, isForAgents } of CONTRACT_OPERATIONS) {
    const here = path.replaceAll(/\{\w+\}/g, secret)
    const add = (list: TypedCall[], how: string, body: Record<string, unknown>): void => {
      const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each))
      const rest = Object.fromEntries(Object.entries(body).filter(([field]) => !inPath.has(field)))
      list.push({ what: `${name} ${how}`, method, path: here, body: method === 'POST' ? rest : null })
    }
    const plausible = bodyOf(shape, (field) => likeField(field, secret))
    if (!GIVEN_TO_EVERYBODY.has(name)) add(forbidden, 'that looks right', plausible)
    if (method === 'DELETE' && here === path) continue // of one's own sessions: there is nothing to type
    if (here !== path && !isForAgents) add(refused, 'of something that is not there', plausible)
    if (method !== 'POST' || shape.properties === undefined) continue
    add(refused, 'with a field too many', { ...plausible, surplus: secret })
    add(refused, 'as it was typed', { ...bodyOf(shape, () => secret), surplus: secret })
    add(refused, 'in the place of everything', {
      ...Object.fromEntries(Object.keys(shape.properties).map((field) => [field, secret])),
      surplus: secret,
    })
  }
  return { refused, forbidden }
}
