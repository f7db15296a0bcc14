import { X509Certificate } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { createRoot } from '../../../test/harness/certificates.ts'
import { createChainReader, isIssuedBy, orderChain } from '../src/index.ts'

const NAME = 'The Same Intermediate'

test('a CA that many chains share is read and its signature verified once; that of each leaf always', () => {
  const intermediate = createRoot().createIntermediate().createIntermediate()
  const read = createChainReader()
  const verify = vi.spyOn(X509Certificate.prototype, 'verify')
  try {
    const chains = Array.from({ length: 5 }, () => read(intermediate.issue().chainPem))
    for (const chain of chains) expect(orderChain(chain)).toEqual({ ordered: chain, extra: [] })
    expect(chains[0]).toHaveLength(3)
    expect(verify).toHaveBeenCalledTimes(5 + 1)
  } finally {
    verify.mockRestore()
  }
})

test('after a true chain was verified, one that is forged under the same names is told apart', () => {
  const root = createRoot({ commonName: 'The Same Root' })
  const upper = root.createIntermediate({ commonName: 'The Same Upper' })
  const forgedUpper = createRoot({ commonName: 'The Same Root' }).createIntermediate({ commonName: 'The Same Upper' })
  const lower = upper.createIntermediate({ commonName: NAME })
  const forgedLower = forgedUpper.createIntermediate({ commonName: NAME })
  const read = createChainReader()
  const [leaf, realLower, realUpper] = read(lower.issue().chainPem)
  const [forgedLeaf, falseLower, falseUpper] = read(forgedLower.issue().chainPem)
  if (!leaf || !realLower || !realUpper || !forgedLeaf || !falseLower || !falseUpper) throw new RangeError('three each')
  for (let repeat = 0; repeat < 2; repeat += 1) {
    expect(isIssuedBy(realLower, realUpper)).toBe(true)
    expect(isIssuedBy(falseLower, falseUpper)).toBe(true)
    expect(isIssuedBy(realLower, falseUpper)).toBe(false)
    expect(isIssuedBy(falseLower, realUpper)).toBe(false)
    expect(isIssuedBy(leaf, falseLower)).toBe(false)
    expect(orderChain([leaf, falseLower, falseUpper])).toEqual({ ordered: [leaf], extra: [falseLower, falseUpper] })
    expect(orderChain([leaf, realLower, falseUpper])).toEqual({ ordered: [leaf, realLower], extra: [falseUpper] })
  }
})

test('a CA whose signature was changed is another certificate, and not signed', () => {
  const root = createRoot()
  const { pem, der } = root.createIntermediate()
  const changed = Buffer.from(der)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  const changedPem = `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n`
  const read = createChainReader()
  const [signed, issuer] = read(pem + root.pem)
  const [altered] = read(changedPem)
  if (!signed || !issuer || !altered) throw new RangeError('one each')
  expect(isIssuedBy(signed, issuer)).toBe(true)
  expect(isIssuedBy(altered, issuer)).toBe(false)
})
