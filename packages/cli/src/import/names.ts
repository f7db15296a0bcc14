/**
 * Names in the list: 1 to 64 characters, each once.
 *
 * @module
 */
const MAX_NAME_LENGTH = 64
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g

/** The text, cut to what a name may have and free of what a terminal could misread. */
export function fitName(text: string, suffix = ''): string {
  const room = MAX_NAME_LENGTH - suffix.length
  const plain = text.toWellFormed().replaceAll(CONTROL, '').trim().slice(0, room).toWellFormed().trim()
  return `${plain || 'certificate'}${suffix}`
}

/** Gives each text a name that it gave to no other: "name", "name (2)", "name (3)", … */
export function createNamer(): (text: string) => string {
  const taken = new Set<string>()
  const used = new Map<string, number>()
  return (text) => {
    const base = fitName(text)
    let number = used.get(base) ?? 0
    let name: string
    do {
      number += 1
      name = number === 1 ? base : fitName(base, ` (${number})`)
    } while (taken.has(name))
    used.set(base, number)
    taken.add(name)
    return name
  }
}
