/**
 * What a connection is for, as the adapters of the API are told apart.
 *
 * @module
 */
import type { api } from '../../api/client.ts'

export type Port = keyof typeof api.adapters
