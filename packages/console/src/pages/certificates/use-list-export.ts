/**
 * The list as a file: all that the filter meets, or what of it is selected, in the order of the list.
 *
 * @module
 */
import type { ExportFormat } from '@evercert/contract'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { openListExport } from '../../api/client.ts'
import { saveFile } from '../../components/save-file.ts'
import { countLines } from './count-lines.ts'
import { readListState } from './list-query.ts'

const ENDINGS = { csv: 'csv', json: 'ndjson' } as const satisfies Record<ExportFormat, string>
const HEAD_LINES = { csv: 1, json: 0 } as const satisfies Record<ExportFormat, number>

export interface ListExport {
  /** @param ids null: all that the filter meets */
  readonly start: (format: ExportFormat, ids: readonly string[] | null) => void
  readonly again: () => void
  readonly isPending: boolean
  readonly isSuccess: boolean
  readonly error: Error | null
  /** Certificates that have come; when it is done, how many are in the file. */
  readonly count: number
  /** What was asked for; null: all that match. */
  readonly asked: readonly string[] | null
}

/** What the list shows is what the address says: with it, nothing of this is drawn anew. */
export function useListExport(): ListExport {
  const [count, setCount] = useState(0)
  const save = useMutation({
    mutationFn: async ({ format, ids }: { readonly format: ExportFormat; readonly ids: readonly string[] | null }) => {
      setCount(0)
      const { sort, ...filter } = readListState(new URLSearchParams(location.search))
      // What is selected is selected, whatever the list shows since.
      const wanted = { ...(sort !== undefined && { sort }), ...(ids === null ? filter : { ids }) }
      const body = await openListExport({ ...wanted, format })
      const counted = countLines(body, (lines) => setCount(Math.max(0, lines - HEAD_LINES[format])))
      // A file that broke off rejects here: nothing is saved that looks whole.
      const file = await new Response(counted as BodyInit).blob()
      const day = new Date().toISOString().slice(0, 10)
      saveFile(`certificates-${ids === null ? '' : 'selected-'}${day}.${ENDINGS[format]}`, file)
    },
  })
  return {
    start: (format, ids) => save.mutate({ format, ids }),
    again: () => save.mutate(save.variables ?? { format: 'csv', ids: null }),
    isPending: save.isPending,
    isSuccess: save.isSuccess,
    error: save.error,
    count,
    asked: save.variables?.ids ?? null,
  }
}
