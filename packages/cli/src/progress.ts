/**
 * Named steps with their durations: one moving line on a terminal, plain lines otherwise.
 *
 * @module
 */
import { formatDuration } from './format.ts'
import { createPaint, displayWidth, truncate, type TextStream } from './output.ts'

export interface StepName {
  /** Stable, for programs. */
  readonly name: string
  /** For people, in their language. */
  readonly label: string
}

export interface StepReport {
  readonly name: string
  readonly ms: number
}

export interface Progress {
  /** Ends the step before and begins this one; the same step again goes on. */
  begin(step: StepName): void
  /** Runs one step. When `work` rejects, the step is shown as failed and the error goes on. */
  step<Result>(step: StepName, work: () => Promise<Result>): Promise<Result>
  /** Text below the current step, at once. */
  note(...lines: readonly string[]): void
  /** What the moving line says besides the name, such as what is waited for. Plain output leaves it out. */
  hint(text: string): void
  /** Ends the current step, if any. */
  end(result?: 'done' | 'failed' | 'stopped'): void
  readonly steps: readonly StepReport[]
}

export interface ProgressOptions {
  readonly stream: TextStream
  readonly env: NodeJS.ProcessEnv
  readonly now?: () => number
}

const NOWHERE: TextStream = { write: () => undefined }

/** Where steps are shown: with `--json` only to a person at a terminal, since stdout and stderr have room for one document each. */
export function progressStream({ json, shell: { stderr } }: ProgressViewer, stream: TextStream): TextStream {
  if (!json) return stream
  return stderr.isTTY === true ? stderr : NOWHERE
}

interface ProgressViewer {
  readonly json: boolean
  readonly shell: { readonly stderr: TextStream }
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80
const MARKS = { done: ['✔', 'green'], failed: ['✖', 'red'], stopped: ['■', 'yellow'] } as const
const CLEAR_LINE = '\r\u001B[2K'

interface Running extends StepName {
  readonly startedAt: number
  hint: string
  announced: boolean
}

export function createProgress({ stream, env, now = () => performance.now() }: ProgressOptions): Progress {
  const paint = createPaint(stream, env)
  const animated = stream.isTTY === true && env['TERM'] !== 'dumb'
  const steps: StepReport[] = []
  let running: Running | null = null
  let timer: NodeJS.Timeout | null = null
  let frame = 0

  const draw = () => {
    if (running === null) return
    frame = (frame + 1) % FRAMES.length
    const tail = `  ${formatDuration(now() - running.startedAt)}${running.hint === '' ? '' : `  ${running.hint}`}`
    const label = truncate(running.label, 60)
    const room = Math.max(0, (stream.columns || 80) - displayWidth(label) - 4)
    stream.write(`${CLEAR_LINE}${paint('cyan', FRAMES[frame] ?? '')} ${label}${paint('dim', truncate(tail, room))}`)
  }
  const writeLines = (lines: readonly string[]) => {
    if (animated && running !== null) stream.write(CLEAR_LINE)
    if (!animated && running !== null && !running.announced) {
      running.announced = true
      stream.write(`… ${running.label}\n`)
    }
    for (const line of lines) stream.write(`    ${line}\n`)
    if (animated) draw()
  }
  const end: Progress['end'] = (result = 'done') => {
    if (running === null) return
    if (timer !== null) clearInterval(timer)
    const ms = now() - running.startedAt
    steps.push({ name: running.name, ms: Math.round(ms) })
    const [mark, colour] = MARKS[result]
    if (animated) stream.write(CLEAR_LINE)
    stream.write(`${paint(colour, mark)} ${running.label}  ${paint('dim', formatDuration(ms))}\n`)
    running = null
  }
  const begin = (step: StepName) => {
    if (running?.name === step.name) return
    end()
    running = { ...step, startedAt: now(), hint: '', announced: false }
    if (!animated) return
    draw()
    timer = setInterval(draw, FRAME_MS)
    timer.unref()
  }
  return {
    begin,
    end,
    steps,
    note: (...lines) => writeLines(lines),
    hint: (text) => {
      if (running !== null) running.hint = text
    },
    step: async (step, work) => {
      begin(step)
      try {
        const result = await work()
        end()
        return result
      } catch (error) {
        end('failed')
        throw error
      }
    },
  }
}
