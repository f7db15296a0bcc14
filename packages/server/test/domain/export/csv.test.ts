import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { toCsvRow } from '../../../src/domain/export/csv.ts'

/** A reader of its own, by RFC 4180 alone. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (quoted && character === '"' && text.charAt(at + 1) === '"') cell += text.charAt((at += 1))
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === ',') {
      rows.at(-1)?.push(cell)
      cell = ''
    } else if (!quoted && character === '\r' && text.charAt(at + 1) === '\n') {
      rows.at(-1)?.push(cell)
      rows.push([])
      cell = ''
      at += 1
    } else cell += character
  }
  return rows.slice(0, -1)
}

it.each([
  ['=1+1', "'=1+1\r\n"],
  ['+49 30', "'+49 30\r\n"],
  ['-shop', "'-shop\r\n"],
  ['@SUM(A1)', "'@SUM(A1)\r\n"],
  ['＝cmd', "'＝cmd\r\n"],
  ['\t=1', "'\t=1\r\n"],
  ['\r\n=1', `"'\r\n=1"\r\n`],
  ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"\r\n`],
  ['a,b', '"a,b"\r\n'],
  ['商店', '商店\r\n'],
  ["O'Neill", "O'Neill\r\n"],
])('%j is written as %j', (cell, row) => {
  expect(toCsvRow([cell])).toBe(row)
})

test('numbers stay numbers, and nothing is an empty cell', () => {
  expect(toCsvRow([-3, null, true, ''])).toBe('-3,,true,\r\n')
})

test('what is written is read again, but for the apostrophe, and no cell can run', () => {
  const text = fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '"', ',', '\r', '\n', '\t', 'a', ' ', '商', "'") })
  fc.assert(
    fc.property(fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (rows) => {
      const read = readCsv(rows.map((row) => toCsvRow(row)).join(''))
      expect(read.map((row) => row.length)).toEqual(rows.map((row) => row.length))
      for (const [index, cell] of read.flat().entries()) {
        expect(cell).not.toMatch(/^[=+\-@\t\r\n]/)
        const wanted = rows.flat()[index]
        expect([wanted, `'${wanted}`]).toContain(cell)
      }
    }),
  )
})
