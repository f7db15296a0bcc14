/**
 * The folders of other tools. A tool is one file that implements {@link Estate}, and one line in `index.ts`.
 *
 * @module
 */
import type { Item } from './found.ts'

export interface Estate {
  /** As the tool writes itself; the name of the command. */
  readonly id: string
  /** The option that says where the folder is, as the tool itself calls it. */
  readonly option: 'root' | 'home' | 'path' | 'data'
  /** Where the tool keeps its folder when nobody says otherwise. */
  defaultFolder(env: NodeJS.ProcessEnv): string
  /**
   * Everything in it, once. Keys, names and chains stay as they are, and what follows each other under one name is told as such.
   *
   * @throws CliFailure `invalid` when the folder is not the tool's
   */
  read(folder: string, now: number): AsyncIterable<Item>
}
