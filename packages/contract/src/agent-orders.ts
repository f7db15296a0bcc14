/**
 * What an agent says that it understands of later orders. Without dependencies, since agents have it too.
 *
 * @module
 */

/**
 * Header of every call of an agent, with the names of fields of orders that came after the first version, commas between. An agent refuses an order with a
 * field that it does not know, and a service refuses such a field of a call: a header is passed over by who does not know it.
 */
export const AGENT_KNOWS = 'evercert-agent-knows'

/** Of this version. */
export const KNOWN_ORDER_FIELDS = ['again'] as const
