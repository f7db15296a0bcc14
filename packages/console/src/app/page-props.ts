/**
 * What every page gets.
 *
 * @module
 */
export interface PageProps {
  /** The named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Something lies over it. */
  readonly isBeneath?: boolean
}
