/**
 * What commander says of a command line, in Chinese. It gives sentences and no facts, so what is said is read from them.
 *
 * @module
 */
import type { Help } from 'commander'

const COMPLAINTS: readonly (readonly [RegExp, string])[] = [
  [/^unknown command '([^]*)'$/, '没有命令 $1'],
  [/^unknown option '([^]*)'$/, '没有选项 $1'],
  [/^missing required argument '(.*)'$/, '缺少参数 $1'],
  [/^required option '(.*)' not specified$/, '缺少选项 $1'],
  [/^option '(.*?)' argument missing$/, '选项 $1 缺少值'],
  [/^option '(.*?)' argument '([^]*)' is invalid\. Allowed choices are (.*)\.$/, '选项 $1 的值 “$2” 无效，可选：$3'],
  [/^option '(.*)' cannot be used with option '(.*)'$/, '选项 $1 不能与 $2 同时使用'],
  [/^too many arguments(?: for '.*?')?\. Expected (\d+) arguments? but got (\d+)[^]*$/, '参数过多：应为 $1 个，实际 $2 个'],
]
const SUGGESTION = /\n\(Did you mean (?:one of )?(.*)\?\)$/

/** @param said without `error: `. A sentence that is not known stays as it is. */
export function complaintZh(said: string): string {
  const suggestion = SUGGESTION.exec(said)?.[1]
  const sentence = said.replace(SUGGESTION, '')
  for (const [pattern, words] of COMPLAINTS) {
    // By a function: what somebody typed may look like a pattern of a replacement.
    const match = pattern.exec(sentence)
    if (match === null) continue
    const told = words.replaceAll(/\$(\d)/g, (_all, group: string) => match[Number(group)] ?? '')
    return suggestion === undefined ? told : `${told}（是否指 ${suggestion}？）`
  }
  return said
}

/** The choices of an option, as the help shows them; no option has a default of commander's. */
export const HELP_ZH: Pick<Help, 'optionDescription'> = {
  optionDescription: ({ description, argChoices }) =>
    argChoices === undefined ? description : `${description}（可选：${argChoices.join('、')}）`,
}
