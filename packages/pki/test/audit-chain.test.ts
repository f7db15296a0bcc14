import { generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AUDIT_CHECKPOINT_TYPE,
  AUDIT_GENESIS,
  auditDigest,
  auditHash,
  auditText,
  formatAuditLine,
  jwkThumbprint,
  parseAuditLine,
  readAuditCheckpoint,
  signStatement,
  verifyAuditChain,
  type AuditCheckpoint,
} from '../src/index.ts'

function aKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { kty = '', crv = '', x = '' } = publicKey.export({ format: 'jwk' })
  const jwk = { kty, crv, x }
  return { id: jwkThumbprint(jwk), privateKey, jwk }
}

const key = aKey()
const HIDDEN = 3

/** Lines of a file: batches of the given sizes, each with its checkpoint; every third line is somebody else's. */
function aLog(batches: readonly number[], { signer = key, tag = '' } = {}): string[] {
  const lines: string[] = []
  let [position, previous, hash] = [0, 0, AUDIT_GENESIS]
  for (const [batch, size] of batches.entries()) {
    for (let count = 0; count < size; count += 1) {
      position += 1
      const salt = randomBytes(16).toString('hex')
      const text = auditText(position, [
        ['actor', `"行者" ${position}${tag}`],
        ['detail', null],
      ])
      hash = auditHash(hash, auditDigest(salt, text))
      lines.push(
        formatAuditLine(
          position % HIDDEN === 0
            ? { kind: 'hidden', position, digest: auditDigest(salt, text), hash }
            : { kind: 'record', position, salt, hash, text },
        ),
      )
    }
    const claims = { iss: 'evercert', position, previous, hash, at: new Date(batch).toISOString() }
    lines.push(formatAuditLine({ kind: 'checkpoint', jws: signStatement(claims, signer, AUDIT_CHECKPOINT_TYPE) }))
    previous = position
  }
  return lines
}

const verify = (lines: readonly string[], kept: AuditCheckpoint | null = null, keys = [key.jwk]) =>
  verifyAuditChain(lines.map(parseAuditLine), { keys, kept })

const faultOf = async (lines: readonly string[], kept: AuditCheckpoint | null = null) => (await verify(lines, kept)).fault

const checkpointAt = (lines: readonly string[], line: number): AuditCheckpoint => {
  const parsed = parseAuditLine(lines[line] ?? '')
  if (parsed.kind !== 'checkpoint') throw new Error(`line ${line} is no checkpoint`)
  return readAuditCheckpoint(parsed.jws, [key.jwk])
}

/** Positions 1–4, checkpoint, 5–7, checkpoint, 8–12, checkpoint. */
const LOG = aLog([4, 3, 5])
const positionOfLine = (line: number): number => line + 1 - (line > 4 ? 1 : 0) - (line > 8 ? 1 : 0)

describe('the chain', () => {
  test('holds as it was written', async () => {
    expect(await verify(LOG, checkpointAt(LOG, 8))).toMatchObject({
      fault: null,
      from: null,
      records: 8,
      hidden: 4,
      checkpoint: { position: 12, previous: 7 },
    })
    expect(await verify([])).toMatchObject({ fault: null, records: 0 })
  })

  test('any byte of any line is missed by nobody, whatever it becomes', async () => {
    const bytes = LOG.map((line) => Buffer.from(line))
    const places = fc
      .integer({ min: 0, max: LOG.length - 1 })
      .chain((line) =>
        fc.tuple(
          fc.constant(line),
          fc.integer({ min: 0, max: (bytes[line]?.length ?? 1) - 1 }),
          fc.integer({ min: 1, max: 255 }),
        ),
      )
    await fc.assert(
      fc.asyncProperty(places, async ([line, at, flip]) => {
        const altered = Buffer.from(bytes[line] ?? [])
        altered[at] = (altered[at] ?? 0) ^ flip
        const lines = LOG.with(line, altered.toString('latin1').length === 0 ? '' : altered.toString('utf8'))
        const fault = await faultOf(lines)
        expect(fault, `line ${line}, byte ${at}`).not.toBeNull()
        // Never later than the line itself, and never before the line that it follows.
        expect(fault?.line).toBeLessThanOrEqual(line + 1)
        expect(fault?.line).toBeGreaterThanOrEqual(line)
      }),
      { numRuns: 2000 },
    )
  })

  test('another spelling of the same line is found', async () => {
    const respelled = [
      (line: string) => `${line} `,
      (line: string) => line.replace('"hash":', '"hash": '),
      (line: string) => line.replace('行', String.raw`\u884c`),
      (line: string) => line.replace('{"salt"', '{"salt":"x","salt"'),
    ]
    for (const spell of respelled)
      expect(await faultOf(LOG.with(1, spell(LOG[1] ?? '')))).toMatchObject({ kind: 'altered', position: 2 })
  })

  test('a removed line is found at its place', async () => {
    for (let line = 0; line < LOG.length; line += 1) {
      const fault = await faultOf(LOG.toSpliced(line, 1))
      if ([4, 8].includes(line)) expect(fault, `checkpoint in line ${line}`).toMatchObject({ kind: 'checkpointRemoved' })
      else if (line === 14) expect(fault).toMatchObject({ kind: 'checkpointRemoved', position: 8, through: 12 })
      else expect(fault, `line ${line}`).toMatchObject({ kind: 'removed', position: positionOfLine(line) })
    }
  })

  test('an inserted line is found at its place', async () => {
    const foreign = aLog([12], { tag: ' forged' })
    for (let line = 0; line < LOG.length - 1; line += 1) {
      const position = positionOfLine(line)
      const fault = await faultOf(LOG.toSpliced(line, 0, foreign[position - 1] ?? ''))
      expect(fault?.position, `line ${line}`).toBe(position)
    }
    // One that is put in with all that follows renumbered is told from one that was altered.
    const later = aLog([1], { tag: ' forged' })[0] ?? ''
    const shifted = LOG.slice(0, 2).map((line) => line.replace(/"position":(\d+)/, (_, at) => `"position":${Number(at) + 1}`))
    expect(await faultOf([later, ...shifted])).toMatchObject({ kind: 'inserted', position: 1 })
    const closed = LOG.slice(11, 13).map((line) => line.replace(/"position":(\d+)/, (_, at) => `"position":${Number(at) - 1}`))
    expect(await faultOf([...LOG.slice(0, 10), ...closed])).toMatchObject({ kind: 'removed', position: 9 })
  })

  test('two lines that changed places are found', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 14 }), async (a, b) => {
        fc.pre(a !== b)
        expect(await faultOf(LOG.with(a, LOG[b] ?? '').with(b, LOG[a] ?? ''))).not.toBeNull()
      }),
    )
    expect(await faultOf(LOG.with(1, LOG[2] ?? '').with(2, LOG[1] ?? ''))).toMatchObject({ kind: 'reordered', position: 2 })
  })

  test('who writes everything anew cannot sign it', async () => {
    const rewritten = aLog([4, 3, 5], { tag: ' anew' })
    const withOldSignatures = rewritten.map((line, index) => ([4, 8, 14].includes(index) ? (LOG[index] ?? '') : line))
    expect(await faultOf(withOldSignatures)).toMatchObject({ kind: 'rewritten', position: 1, through: 4 })
    const stranger = aKey()
    expect(await faultOf(aLog([4, 3, 5], { signer: stranger }))).toMatchObject({ kind: 'checkpointForged', position: 4 })
    // With the key itself they can; a checkpoint that was kept elsewhere tells.
    expect(await faultOf(rewritten)).toBeNull()
    expect(await faultOf(rewritten, checkpointAt(LOG, 8))).toMatchObject({ kind: 'rewritten', through: 7 })
  })

  test('newest batches that were cut off are found by a checkpoint that was kept, and only by it', async () => {
    const kept = checkpointAt(LOG, 14)
    for (const end of [0, 5, 9]) {
      expect(await faultOf(LOG.slice(0, end))).toBeNull()
      expect(await faultOf(LOG.slice(0, end), kept)).toMatchObject({ kind: 'cutOff', through: 12, line: null })
    }
  })

  test('goes on from a checkpoint, which says where', async () => {
    const rest = LOG.slice(4)
    expect(await verify(rest)).toMatchObject({ fault: null, from: { position: 4 }, retentionAt: null, records: 5 })
    expect(await verify(rest, checkpointAt(LOG, 4))).toMatchObject({ fault: null, keptTooOld: false })
    expect(await verify(LOG.slice(8), checkpointAt(LOG, 4))).toMatchObject({ fault: null, keptTooOld: true })
    expect(await faultOf(LOG.slice(5))).toMatchObject({ kind: 'removed', position: 1, through: 4 })
  })
})
