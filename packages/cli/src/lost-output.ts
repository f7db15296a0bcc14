/**
 * What to say when stdout cannot be written, such as to a full disk: told on stderr like every failure.
 *
 * @module
 */
import { failure, formatProblem, problemJson } from './failure.ts'
import { detectLanguage } from './language.ts'
import { createPaint, type TextStream } from './output.ts'

/** EX_IOERR of sysexits. */
export const EXIT_OUTPUT = 74

interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly stderr: TextStream
}

export function reportLostOutput(argv: readonly string[], { env, stderr }: Surroundings, error: NodeJS.ErrnoException): void {
  const code = error.code ?? error.message
  const lost = failure('invalid', `Writing the output: ${code}: what was asked for may be done all the same.`, {
    title: 'The output cannot be written',
    cause: {
      en: `What the output goes to does not take it (${code}).`,
      zh: `无法写入输出（${code}）。`,
    },
    remedy: {
      en: 'Make space there, or send the output elsewhere, and look at what was done before you repeat it.',
      zh: '请释放空间或改用其他输出位置；重复操作前请先确认已完成的内容。',
    },
  })
  const lines = argv.includes('--json')
    ? [problemJson(lost.problem)]
    : formatProblem(lost, detectLanguage(argv, env), createPaint(stderr, env))
  stderr.write(`${lines.join('\n')}\n`)
}
