/**
 * Errors as the log has them.
 *
 * @module
 */
interface LoggedError {
  readonly type: string
  /** With those of its causes. */
  readonly message: string
  readonly stack: string
  readonly code?: string
  /** What the problem document says too. */
  readonly facts?: object
  /** Of the database's schema. */
  readonly table?: string
  readonly constraint?: string
  readonly aggregateErrors?: readonly unknown[]
}

/**
 * Type, message, stack and code, and nothing else that hangs on the object: an error of the database carries the row that it refused, those of
 * clients what was sent. What is no error stays as it is.
 */
export function toLoggedError(error: unknown): unknown {
  return error instanceof Error ? reduce(error, new Set()) : error
}

function reduce(error: Error, seen: Set<Error>): LoggedError {
  const chain: Error[] = []
  for (let next: unknown = error; next instanceof Error && !seen.has(next); next = next.cause) {
    seen.add(next)
    chain.push(next)
  }
  const { code, facts, table, constraint, errors } = error as Error &
    Partial<Record<'code' | 'facts' | 'table' | 'constraint' | 'errors', unknown>>
  return {
    type: error.constructor.name,
    message: chain.map(messageOf).join(': '),
    stack: chain.map(stackOf).join('\ncaused by: '),
    ...(typeof code === 'string' && { code }),
    ...(typeof facts === 'object' && facts !== null && { facts }),
    ...(typeof table === 'string' && { table }),
    ...(typeof constraint === 'string' && { constraint }),
    ...(Array.isArray(errors) && {
      aggregateErrors: errors.flatMap((each) => (each instanceof Error && !seen.has(each) ? [reduce(each, seen)] : [])),
    }),
  }
}

/** SQLSTATE class 22, data exception: the message quotes the value. */
const OF_A_VALUE = /^22[0-9A-Z]{3}$/

function messageOf(error: Error): string {
  const isOfValue = 'code' in error && typeof error.code === 'string' && OF_A_VALUE.test(error.code)
  return isOfValue ? error.message.replace(/".*"/s, '"…"') : error.message
}

function stackOf(error: Error): string {
  return (error.stack ?? '').replace(error.message, () => messageOf(error))
}
