/**
 * Joins by an id that are held to the account.
 *
 * @module
 */

/**
 * The comparison of the accounts in a join by id: no index serves it. With `=` the planner, which knows nothing of tables that nobody has
 * analysed yet, may read every row of the account to find the one with the id.
 */
export const SAME = 'is not distinct from'
