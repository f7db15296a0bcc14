/**
 * What a bench prints: named steps while it runs, tables at its end, or one JSON object.
 *
 * @module
 */

export interface Report {
  /** Runs a step and prints its name and duration. */
  step<Value>(name: string, work: () => Promise<Value>): Promise<Value>
  line(text?: string): void
  /** The first row is the head; columns from the second on are aligned to the right. */
  table(rows: readonly (readonly string[])[]): void
  /** What is printed beside an aim. */
  judge(isMet: boolean): 'met' | 'missed'
  /** With `--strict` an aim that was missed is a failure; without, it is a number like others: machines are busy. */
  exitCode(isStrict: boolean): 0 | 1
}

/** @param quiet true for `--json`: steps go to standard error then, and tables nowhere */
export function createReport(quiet: boolean): Report {
  const line = (text = ''): void => {
    if (!quiet) process.stdout.write(`${text}\n`)
  }
  let missed = 0
  return {
    line,
    judge: (isMet) => {
      if (!isMet) missed += 1
      return isMet ? 'met' : 'missed'
    },
    exitCode: (isStrict) => (isStrict && missed > 0 ? 1 : 0),
    step: async (name, work) => {
      const startedAt = performance.now()
      const value = await work()
      const text = `  ${name} ${'.'.repeat(Math.max(2, 58 - name.length))} ${seconds(performance.now() - startedAt)}\n`
      ;(quiet ? process.stderr : process.stdout).write(text)
      return value
    },
    table: (rows) => {
      const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
      for (const [index, row] of rows.entries()) {
        const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        line(`  ${cells.join('  ')}`)
        if (index === 0) line(`  ${widths.map((width) => '-'.repeat(width)).join('  ')}`)
      }
    },
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** @throws RangeError when there is none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.floor((sorted.length - 1) / 2)]
  if (value === undefined) throw new RangeError('There is no median of nothing.')
  return value
}

/** @param percent 1 to 100 @throws RangeError when there is none */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.ceil((sorted.length * percent) / 100) - 1]
  if (value === undefined) throw new RangeError('There is no percentile of nothing.')
  return value
}
