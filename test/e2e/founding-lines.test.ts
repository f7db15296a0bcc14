/** Each line that the founding document demands has an end-to-end test that carries its number. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** As DOMAIN marks them with FD: the rule of §2, and the lines of §3 by their numbers. */
const LINES = ['2', ...Array.from({ length: 11 }, (_, index) => `3.${index + 1}`)]

const ROOT = join(import.meta.dirname, '../..')
/** Where the domain document lies beside the repository, if it does. */
const DOCUMENT = ['../shared/DOMAIN.md', '../../shared/DOMAIN.md']
  .map((path) => join(ROOT, path))
  .find((path) => existsSync(path))

/** `2` for a mark in the text of section 2, `3.4` for line 4 of section 3. */
function markedLines(document: string): string[] {
  const found = new Set<string>()
  let [section, line] = ['', '']
  for (const text of document.split('\n')) {
    const heading = /^#{2,3} (?:(\d+)\.)?/u.exec(text)
    if (heading !== null) [section, line] = [heading[1] ?? '', '']
    line = /^(\d+)\. /u.exec(text)?.[1] ?? line
    if (section !== '' && /\bFD\b/u.test(text)) found.add(line === '' ? section : `${section}.${line}`)
  }
  return [...found]
}

test('a mark is found in the text of a section and in a numbered line', () => {
  const document =
    '"FD" marks it\n## 2. Statuses\nnever (FD).\n## 3. Renewal\n1. plain\n2. FD: this\n   goes on\n### Top-up\nFD? no number\n'
  expect(markedLines(document)).toEqual(['2', '3.2'])
})

test.skipIf(DOCUMENT === undefined)('the lines are those of the document', () => {
  expect(markedLines(readFileSync(DOCUMENT ?? '', 'utf8'))).toEqual(LINES)
})

test.each(LINES)('FD §%s has an end-to-end test', (line) => {
  const titles = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('founding-lines'))
    .flatMap((file) => [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/^\s*(?:it|test)\('(FD [^']*)/gmu)])
    .map(([, title = '']) => title)
  expect(
    titles.filter((title) => new RegExp(String.raw`§${line.replace('.', String.raw`\.`)}(?![\d.])`, 'u').test(title)),
  ).not.toEqual([])
})
