import { describe, expect, it } from 'vitest'
import { clean, cleanLines, createPaint, displayWidth, formatTable, toJson, truncate } from '../src/output.ts'

const plain = createPaint({ write: () => undefined }, {})
const terminal = { write: () => undefined, isTTY: true }

describe('clean', () => {
  it.each([
    ['a name', 'a name'],
    ['证书', '证书'],
    ['\u001B[31mred\u001B[0m', 'red'],
    ['\u001B]0;title\u0007after', 'after'],
    ['\u001B]8;;http://evil\u001B\\link', 'link'],
    ['\u009B2Jx', 'x'],
    ['two\r\nlines\tand a tab', 'two lines and a tab'],
    ['bell\u0007 back\u0008', 'bell back'],
    ['\u202Ecod.exe', 'cod.exe'],
    ['zero\u200Bwidth\uFEFF', 'zerowidth'],
    ['\u001B', ''],
  ])('%j becomes %j', (raw, safe) => {
    expect(clean(raw)).toBe(safe)
  })

  it('keeps the lines of a text of several lines', () => {
    expect(cleanLines('one\r\ntwo\u001B[1m\n')).toEqual(['one', 'two', ''])
  })
})

describe('toJson', () => {
  it('leaves nothing that drives a terminal, and means the same', () => {
    const value = { name: 'a\u001B[2J\u009B2J\u202E\u007F', zh: '证书' }
    const text = toJson(value)
    expect(clean(text.replaceAll('\n', ''))).toBe(text.replaceAll('\n', ''))
    expect(JSON.parse(text)).toEqual(value)
    expect(text).toContain('证书')
  })
})

describe('createPaint', () => {
  it('colours on a terminal alone', () => {
    expect(createPaint(terminal, {})('red', 'x')).toBe('\u001B[31mx\u001B[0m')
    expect(plain('red', 'x')).toBe('x')
  })

  it.each([[{ NO_COLOR: '1' }], [{ TERM: 'dumb' }]])('does not with %j', (env) => {
    expect(createPaint(terminal, env)('red', 'x')).toBe('x')
  })

  it('colours with an empty NO_COLOR, as no-color.org has it', () => {
    expect(createPaint(terminal, { NO_COLOR: '' })('red', 'x')).not.toBe('x')
  })
})

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['即将过期', 8],
    ['é', 1],
    ['e\u0301', 1],
    ['🔒', 2],
    ['한글', 4],
    ['\u001B[32m✔\u001B[0m', 1],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })
})

describe('truncate', () => {
  it.each([
    ['short', 10, 'short'],
    ['longer than that', 6, 'longe…'],
    ['证书证书', 5, '证书…'],
    ['证书证书', 4, '证…'],
  ])('%j in %i columns is %j', (text, columns, result) => {
    expect(truncate(text, columns)).toBe(result)
    expect(displayWidth(result)).toBeLessThanOrEqual(columns)
  })
})

describe('formatTable', () => {
  it('aligns columns with Chinese in them', () => {
    const rows = [
      [{ text: '商店' }, { text: '即将过期' }, { text: 'x' }],
      [{ text: 'shop' }, { text: 'issued' }, { text: 'y' }],
    ]
    const lines = formatTable(['名称', 'STATUS', 'Z'], rows, { paint: plain, columns: null })
    expect(lines).toEqual(['名称  STATUS    Z', '商店  即将过期  x', 'shop  issued    y'])
    expect(new Set(lines.map((line) => displayWidth(line))).size).toBe(1)
  })

  it('pads before it colours, so that colours do not shift columns', () => {
    const paint = createPaint(terminal, {})
    const rows = [[{ text: 'a', colour: 'red' as const }, { text: 'b' }]]
    const [, line = ''] = formatTable(['WIDE', 'B'], rows, { paint, columns: null })
    expect(line).toBe('\u001B[31ma   \u001B[0m  b')
  })

  it('cleans the cells before it measures them', () => {
    const rows = [[{ text: 'x\u001B[2Jy' }, { text: 'z' }]]
    expect(formatTable(['A', 'B'], rows, { paint: plain, columns: null })[1]).toBe('xy  z')
  })

  it('shortens one column on a narrow terminal', () => {
    const rows = [[{ text: 'n'.repeat(60) }, { text: 'crt_1' }]]
    const lines = formatTable(['NAME', 'ID'], rows, { paint: plain, columns: 40, shrink: 0 })
    expect(displayWidth(lines[1] ?? '')).toBe(40)
    expect(lines[1]).toMatch(/…  crt_1$/)
  })
})
