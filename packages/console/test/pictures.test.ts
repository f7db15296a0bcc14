/**
 * What the pictures are drawn from: months of weeks, levels, ticks, groups of endpoints, and where arrow keys lead.
 */
import { describe, expect, it } from 'vitest'
import { groupCells, lookOf, parentOf } from '../src/pages/endpoints/map-groups.ts'
import { nextCell } from '../src/pages/endpoints/next-cell.ts'
import { calendarMonths, levelOf, levelsTo } from '../src/pages/outlook/calendar-months.ts'
import { ticksTo } from '../src/pages/outlook/ticks.ts'

describe('the calendar', () => {
  it('puts each day into its week, and counts the month', () => {
    const [november, december] = calendarMonths(new Date('2026-11-29T23:59:00Z'), [
      { on: '2026-12-01', count: 3 },
      { on: '2026-12-31', count: 4 },
    ])
    expect(november).toMatchObject({ month: '2026-11', count: 0 })
    expect(november?.weeks[0]?.map((day) => day?.on ?? null)).toEqual([null, null, null, null, null, null, '2026-11-01'])
    expect(december?.count).toBe(7)
    expect(december?.weeks.flat().filter((day) => day !== null)).toHaveLength(31)
  })

  it('tells few apart beside many', () => {
    expect(levelsTo(3)).toEqual([1, 2, 3])
    const limits = levelsTo(10_000)
    expect(limits).toEqual([10, 100, 1000, 10_000])
    expect([0, 1, 11, 10_000].map((count) => levelOf(count, limits))).toEqual([0, 1, 2, 4])
  })
})

it('ticks are round numbers that reach the highest bar', () => {
  expect(ticksTo(1)).toEqual([0, 1])
  expect(ticksTo(7)).toEqual([0, 2, 4, 6, 8])
  expect(ticksTo(83_334)).toEqual([0, 50_000, 100_000])
})

describe('the map', () => {
  const cell = (id: string, host: string, verdict: 'served' | 'oldCertificate' | 'unreachable' | null, targets: string[] = []) =>
    ({
      id,
      certificateId: 'c',
      host,
      port: 443,
      serverName: host,
      protocol: 'tls',
      keyKind: null,
      verdict,
      probedAt: null,
      targets,
    }) as const

  it('groups by domain, network, target and verdict, faults first', () => {
    expect(['a.example.com', 'example.com', '192.0.2.7', '2001:db8::1'].map(parentOf)).toEqual([
      'example.com',
      'example.com',
      '192.0.2.0/24',
      '2001:db8::1',
    ])
    const cells = [
      cell('1', 'a.ok.test', 'served'),
      cell('2', 'b.bad.test', 'unreachable', ['web']),
      cell('3', 'c.ok.test', null),
    ]
    expect(groupCells(cells, 'host').map(({ name, faults }) => [name, faults])).toEqual([
      ['bad.test', 1],
      ['ok.test', 0],
    ])
    expect(groupCells(cells, 'target').map(({ name }) => name)).toEqual(['web', null])
    expect(cells.map(lookOf)).toEqual(['served', 'fault', 'unproved'])
  })

  it('arrow keys go to what is seen beside, above and below', () => {
    const at = (left: number, top: number) => ({ getBoundingClientRect: () => ({ left, top }) })
    const [a, b, c, d, e] = [at(0, 0), at(30, 0), at(60, 0), at(0, 30), at(30, 90)]
    const cells = [a, b, c, d, e]
    expect(nextCell(cells, a, 'ArrowRight')).toBe(b)
    expect(nextCell(cells, c, 'ArrowRight')).toBe(d)
    expect(nextCell(cells, b, 'ArrowDown')).toBe(d)
    expect(nextCell(cells, d, 'ArrowDown')).toBe(e)
    expect(nextCell(cells, d, 'ArrowUp')).toBe(a)
    expect(nextCell(cells, a, 'ArrowUp')).toBeNull()
    expect(nextCell(cells, a, 'End')).toBe(e)
    expect(nextCell(cells, a, 'x')).toBeNull()
  })
})
