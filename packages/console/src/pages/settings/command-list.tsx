/**
 * Commands to copy, each with what it is for.
 *
 * @module
 */
import { CopyText } from '../../components/copy-text.tsx'
import './installation.css'

interface Command {
  readonly text: string
  readonly command: string
}

export function CommandList({ items }: { readonly items: readonly Command[] }) {
  return (
    <ol className="command-list">
      {items.map(({ text, command }) => (
        <li key={command}>
          <p>{text}</p>
          <CopyText text={command} what={command} />
        </li>
      ))}
    </ol>
  )
}
