/**
 * Requests for every operation of the contract, made from the shape that it declares: filled from a pool of values so that they meet what exists.
 *
 * @module
 */
import { contract, type Scope } from '@evercert/contract'
import { z } from 'zod'

export interface ContractOperation {
  readonly name: string
  readonly method: string
  readonly path: string
  /** Null: none is needed. */
  readonly scope: Scope | null
  readonly isOpen: boolean
  readonly isForAgents: boolean
  readonly shape: Shape
}

/** As much of JSON Schema as the contract's inputs use. */
interface Shape {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Shape[]
  readonly oneOf?: readonly Shape[]
  readonly allOf?: readonly Shape[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly items?: Shape
  readonly minItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly format?: string
  readonly pattern?: string
}

/** Where values come from: the same numbers make the same request. */
export interface InputSource {
  /** At least 0, below the limit. */
  below(limit: number): number
  /** A value for a string with this name of a field. */
  text(field: string): string
}

export const CONTRACT_OPERATIONS: readonly ContractOperation[] = Object.entries(contract).flatMap(([group, members]) =>
  Object.entries(members).map(([member, procedure]) => {
    const { route, meta, inputSchema } = procedure['~orpc']
    const { scope = null, isOpen = false, isForAgents = false } = meta.operation ?? {}
    return {
      name: `${group}.${member}`,
      method: route.method ?? 'POST',
      path: route.path ?? '',
      scope,
      isOpen,
      isForAgents,
      shape:
        inputSchema === undefined
          ? {}
          : (z.toJSONSchema(inputSchema as z.ZodType, { io: 'input', unrepresentable: 'any' }) as Shape),
    }
  }),
)

/** A value of the shape; optional fields are there about half the time. */
export function makeInput(shape: Shape, source: InputSource, field = ''): unknown {
  const choices = shape.anyOf ?? shape.oneOf
  if (shape.const !== undefined) return shape.const
  if (shape.enum !== undefined) return shape.enum[source.below(shape.enum.length)]
  if (choices !== undefined) return makeInput(choices[source.below(choices.length)] ?? {}, source, field)
  if (shape.allOf !== undefined) return Object.assign({}, ...shape.allOf.map((each) => makeInput(each, source, field))) as object
  switch (shape.type ?? 'string') {
    case 'object':
      return makeObject(shape, source)
    case 'array':
      return Array.from({ length: Math.max(shape.minItems ?? 0, 1) + source.below(2) }, () =>
        makeInput(shape.items ?? {}, source, field),
      )
    case 'boolean':
      return source.below(2) === 1
    case 'integer':
    case 'number':
      return Math.min((shape.minimum ?? 0) + source.below(3), shape.maximum ?? Number.MAX_SAFE_INTEGER)
    case 'null':
      return null
    default:
      return source.text(field)
  }
}

function makeObject({ properties = {}, required = [] }: Shape, source: InputSource): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (const [name, shape] of Object.entries(properties)) {
    if (required.includes(name) || source.below(2) === 1) made[name] = makeInput(shape, source, name)
  }
  return made
}
