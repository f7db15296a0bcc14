/**
 * Kill -9 of the agent right before each change that it makes outside of itself: on the way to an installed pair, back to the pair of before, and to a key of
 * the host. While it is dead the files are one whole pair; after its restart the work ends with its verdict, reported once, and nothing is left over.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KINDS, openAgentLane, openShop, titleOf, type Case, type Kind, type Outcome, type Shop } from './support/killed-agent.ts'
import { longRun } from './support/long.ts'
import { runPool } from './support/pool.ts'

const STORE = '.site.pem.evercert'
const LOCK = [`make ${STORE}/lock.unfinished`, `link ${STORE}/lock`, `rm ${STORE}/lock.unfinished`]
const VERSION = [
  `mkdir ${STORE}/SHA256.unfinished`,
  `make ${STORE}/SHA256.unfinished/certificate.pem`,
  `make ${STORE}/SHA256.unfinished/key.pem`,
  `rename ${STORE}/SHA256`,
]
const CURRENT = [`symlink ${STORE}/current.unfinished`, `rename ${STORE}/current`]
const PENDING = [`make ${STORE}/pending-reload.unfinished`, `rename ${STORE}/pending-reload`]
const DONE = `rm ${STORE}/pending-reload`
const UNLOCK = [`rm ${STORE}/lock`, `rmdir ${STORE}`]
const PRUNE = [`rm ${STORE}/SHA256`, `rmdir ${STORE}/SHA256`, `rmdir ${STORE}/SHA256`]
const REPORT = [
  'make state/outbox/WORK.json.unfinished',
  'rename state/outbox/WORK.json',
  'tell report',
  'rm state/outbox/WORK.json',
]
const SWAP = [
  'look',
  'make state/begun/WORK.json.unfinished',
  'rename state/begun/WORK.json',
  `mkdir ${STORE}`,
  ...LOCK,
  'run test',
  ...VERSION, // the new pair
  ...VERSION, // what was there
  ...CURRENT,
  'symlink site.pem.unfinished',
  'rename site.pem',
  'symlink site.key.unfinished',
  'rename site.key',
  `symlink ${STORE}/fallback.unfinished`,
  `rename ${STORE}/fallback`,
  ...PENDING,
  ...CURRENT,
  'run test',
]
const RELOADED = ['run reload', `rename ${STORE}/previous`, DONE, ...UNLOCK, 'look']
/** Of an installation, whose note goes with its report. */
const TOLD = [...REPORT.slice(0, -1), 'rm state/begun/WORK.json', ...REPORT.slice(-1)]
/** Every change, in order; the first tests compare it with what the agent does. */
const CHANGES: Readonly<Record<Kind, readonly string[]>> = {
  installed: [...SWAP, ...RELOADED, ...TOLD],
  notServed: [
    ...SWAP,
    ...RELOADED,
    ...LOCK,
    ...PENDING,
    ...CURRENT,
    'run reload',
    `rm ${STORE}/previous`,
    DONE,
    ...PRUNE,
    ...UNLOCK,
    'look',
    ...TOLD,
  ],
  testFails: [...SWAP, `rename ${STORE}/current`, DONE, ...PRUNE, ...UNLOCK, ...TOLD],
  reloadFails: [...SWAP, 'run reload', `rename ${STORE}/current`, 'run reload', DONE, ...PRUNE, ...UNLOCK, ...TOLD],
  key: [
    'make state/keys/WORK.made.unfinished',
    'rename state/keys/WORK.made',
    'make state/keys/SHA256.pem.unfinished',
    'rename state/keys/SHA256.pem',
    ...REPORT,
  ],
}

/** Where there is one kind of end the way there is that of the others. */
const KILLS = KINDS.flatMap((kind) =>
  casesOf(kind, CHANGES[kind]).slice(kind === 'installed' || kind === 'key' ? 0 : SWAP.length - 1),
)
function casesOf(kind: Kind, changes: readonly string[]): Case[] {
  const seen = new Map<string, number>()
  return changes.map((label) => {
    const nth = (seen.get(label) ?? 0) + 1
    seen.set(label, nth)
    return { kind, death: { label, nth } }
  })
}

/** Each run has those after which something is there that nobody has heard of; a long run has all. */
const ALWAYS = new Set([
  'installed: rename site.key',
  'installed: rename .site.pem.evercert/current (2)',
  'installed: run reload',
  'installed: rm .site.pem.evercert/lock',
  'installed: tell report',
  'installed: rm state/outbox/WORK.json',
  'notServed: rm .site.pem.evercert/pending-reload',
  'notServed: make .site.pem.evercert/lock.unfinished (2)',
  'notServed: rename state/outbox/WORK.json',
  'testFails: rename .site.pem.evercert/current (3)',
  'reloadFails: run reload (2)',
  'key: rename state/keys/SHA256.pem',
  'key: make state/keys/SHA256.pem.unfinished',
  'key: rename state/outbox/WORK.json',
])
const CHOSEN = longRun(KILLS, (one) => ALWAYS.has(titleOf(one)))

const folder = mkdtempSync(join(tmpdir(), 'evercert-crash-agent-'))
let shop: Promise<Shop>
let lanes = 0
const LANES = 3
const pool = runPool<Case, Outcome>(LANES, CHOSEN, () => openAgentLane(() => shop, `host${++lanes}`))

beforeAll(async () => {
  shop = openShop(folder)
  await shop
})
afterAll(async () => {
  await (await shop).house.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const EXPECTED: Readonly<Record<Kind, object>> = {
  installed: { state: 'applied', atEnd: { onDisk: 'new', served: 'new', isLoadable: true } },
  notServed: { state: 'rolledBack', atEnd: { onDisk: 'old', served: 'old', isLoadable: true } },
  testFails: { state: 'rolledBack', atEnd: { onDisk: 'old', served: 'old', isLoadable: true } },
  reloadFails: { state: 'rolledBack', atEnd: { onDisk: 'old', served: 'old', isLoadable: true } },
  key: { state: 'issued', atEnd: { onDisk: 'old', served: 'old', isLoadable: true } },
}
const REPORTED: Readonly<Record<Kind, string>> = {
  installed: 'install installed.evercert.test: installed',
  notServed: 'install notserved.evercert.test: rolledBack',
  testFails: 'install testfails.evercert.test: rolledBack',
  reloadFails: 'install reloadfails.evercert.test: rolledBack',
  key: 'csr key.evercert.test: csrMade',
}

function expectEnd(kind: Kind, outcome: Outcome): void {
  expect(outcome).toMatchObject({ ...EXPECTED[kind], reports: [REPORTED[kind]], leftovers: [] })
  expect([outcome.newKeyFiles.length, outcome.hasKey]).toEqual(kind === 'key' ? [2, true] : [0, false])
}

describe('without a crash', () => {
  const lane = openAgentLane(() => shop, 'alone')
  afterAll(() => lane.close())

  it.each(KINDS)('the work that is %s goes through the changes that are killed below', async (kind) => {
    const outcome = await lane.run({ kind, death: null })
    expectEnd(kind, outcome)
    expect(outcome.changes.filter(isKilled).filter((one, index, all) => one !== 'look' || all[index - 1] !== 'look')).toEqual(
      CHANGES[kind],
    )
    // A name that is not on the disk is gone after a power cut.
    const afterNames = outcome.changes.filter((_, index, all) => all[index - 1]?.startsWith('rename '))
    expect(afterNames.filter((change) => !change.startsWith('flush '))).toEqual([])
  })
})

/** A flush changes nothing that a death shows, and the folders of the agent are made once. */
function isKilled(change: string): boolean {
  return !change.startsWith('flush ') && !change.startsWith('mkdir state/')
}

describe('killed', () => {
  it.each(CHOSEN.map((one) => [titleOf(one), one] as const))('%s', async (_title, one) => {
    const outcome = await pool.result(one)
    expect(outcome.changes).toContain('killed')
    expect(outcome.atDeath).toMatchObject({
      onDisk: expect.stringMatching(/^(old|new)$/) as string,
      served: expect.stringMatching(/^(old|new)$/) as string,
      isLoadable: true,
    })
    expectEnd(one.kind, outcome)
  })
})
