/**
 * Chinese sentences have a space beside Latin words and numbers, and none between Chinese words. What is filled into a sentence may be either:
 * its edges are marked until the sentence is whole.
 *
 * @module
 */

/** Of the private use area: nobody types it. */
const EDGE = '\uE000'
const AFTER_CHINESE = /(?<=[\p{Script=Han}）”》。，、：；！？…]) \uE000(?=[\p{Script=Han}（“《])/gu
const BEFORE_CHINESE = /(?<=[\p{Script=Han}）”》。，、：；！？…])\uE000 (?=[\p{Script=Han}（“《])/gu

export function withEdges(value: string): string {
  return `${EDGE}${value}${EDGE}`
}

export function withoutEdges(text: string): string {
  if (!text.includes(EDGE)) return text
  return text.replaceAll(AFTER_CHINESE, EDGE).replaceAll(BEFORE_CHINESE, EDGE).replaceAll(EDGE, '')
}
