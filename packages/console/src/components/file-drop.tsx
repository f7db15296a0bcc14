/**
 * Where files are dropped, or chosen: a file field lies over the whole area, so that browser and keyboard treat it as one.
 *
 * @module
 */
import { useState } from 'react'
import './file-drop.css'

export interface FileDropProps {
  readonly label: string
  readonly hint: string
  /** As of `<input accept>`: a hint, which whoever takes the files checks again. */
  readonly accept?: string
  readonly multiple?: boolean
  readonly onFiles: (files: readonly File[]) => void
}

export function FileDrop({ label, hint, accept, multiple = false, onFiles }: FileDropProps) {
  const [isOver, setOver] = useState(false)
  return (
    <div className="file-drop" data-over={isOver}>
      <input
        type="file"
        accept={accept}
        multiple={multiple}
        aria-label={`${label} ${hint}`}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
        onDrop={() => setOver(false)}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])]
          event.target.value = '' // the same file can be chosen again after it was mended
          setOver(false)
          if (files.length > 0) onFiles(files)
        }}
      />
      <strong aria-hidden="true">{label}</strong>
      <span className="file-drop-hint" aria-hidden="true">
        {hint}
      </span>
    </div>
  )
}
