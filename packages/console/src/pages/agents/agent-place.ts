/**
 * Where an agent's page is.
 *
 * @module
 */
export const agentPlace = ({ id }: { readonly id: string }): string => `/agents/${encodeURIComponent(id)}`
