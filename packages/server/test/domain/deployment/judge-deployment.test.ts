import { describe, expect, test } from 'vitest'
import {
  isNotServed,
  judgeDeployment,
  notRestored,
  sitesOf,
  watchedOf,
  type Sighting,
} from '../../../src/domain/deployment/judge-deployment.ts'

const [OLD, NEW, OTHER] = ['aa', 'bb', 'cc']

const aSighting = (wish: Partial<Sighting> = {}): Sighting => ({
  host: 'shop.example',
  port: 443,
  serverName: 'shop.example',
  isOwn: false,
  address: '192.0.2.1',
  sha256: OLD,
  isHealthy: true,
  isComplete: true,
  said: 'said',
  ...wish,
})
const own = (wish: Partial<Sighting> = {}) => aSighting({ host: '192.0.2.9', address: '192.0.2.9', isOwn: true, ...wish })
const down = { sha256: null, isHealthy: false, isComplete: false }
const judge = (before: readonly Sighting[], after: readonly Sighting[]) =>
  judgeDeployment({ sightings: before }, after, NEW).verdict

describe("the target's own address", () => {
  test.each<[string, Partial<Sighting>, Partial<Sighting>, string]>([
    ['shows the new certificate', {}, { sha256: NEW }, 'proved'],
    ['shows it by a root that is not known here', {}, { sha256: NEW, isHealthy: false }, 'proved'],
    ['shows the old one', {}, {}, 'bad'],
    ['shows a third one', {}, { sha256: OTHER }, 'bad'],
    ['answers no more', {}, down, 'bad'],
    ['shows it without its intermediates', {}, { sha256: NEW, isHealthy: false, isComplete: false }, 'bad'],
    ['was incomplete before as well', { isComplete: false }, { sha256: NEW, isComplete: false }, 'proved'],
    ['shows it, which lacks the name', { hasName: true }, { sha256: NEW, hasName: false, isHealthy: false }, 'bad'],
    ['shows one that lacks the name, as before', { hasName: false, isHealthy: false }, { sha256: NEW, hasName: false }, 'proved'],
    ['was down before, and is down', down, down, 'open'],
    ['was down before, and shows the old one', down, {}, 'bad'],
    ['was down before, and shows the new one', down, { sha256: NEW }, 'proved'],
  ])('%s', (_title, before, after, expected) => {
    expect(judge([own(before)], [own(after)])).toBe(expected)
  })

  test('is proved at every address of it', () => {
    const other = { address: '192.0.2.10' }
    expect(judge([own(), own(other)], [own({ sha256: NEW }), own({ ...other, sha256: NEW })])).toBe('proved')
    expect(judge([own(), own(other)], [own({ sha256: NEW }), own(other)])).toBe('bad')
    expect(judge([own(), own(other)], [own({ sha256: NEW })])).toBe('bad')
  })
})

describe('an endpoint, which others may serve as well', () => {
  test.each<[string, Partial<Sighting>, Partial<Sighting>, string]>([
    ['shows the new certificate', {}, { sha256: NEW }, 'seen'],
    [
      'shows the new one, beside one with the other kind of key',
      { hasBoth: true, keyKind: 'rsa' },
      { sha256: NEW, keyKind: 'rsa' },
      'seen',
    ],
    ['shows the new one, of another kind', { hasBoth: true, keyKind: 'rsa' }, { sha256: NEW, keyKind: 'ecdsa' }, 'seen'],
    [
      'had one for each kind of key, and has none of this kind',
      { hasBoth: true, keyKind: 'rsa' },
      { sha256: OTHER, keyKind: 'ecdsa' },
      'bad',
    ],
    [
      'had one for each kind of key, and has another of this kind',
      { hasBoth: true, keyKind: 'rsa' },
      { sha256: OTHER, keyKind: 'rsa' },
      'open',
    ],
    [
      'had one certificate, and has one of another kind',
      { hasBoth: false, keyKind: 'rsa' },
      { sha256: OTHER, keyKind: 'ecdsa' },
      'open',
    ],
    ['shows the new one, which lacks its name', { hasName: true, isHealthy: false }, { sha256: NEW, hasName: false }, 'bad'],
    ['shows the new one, which lacks its name; before, only its health was noted', {}, { sha256: NEW, hasName: false }, 'bad'],
    ['never had the right name', { hasName: false, isHealthy: false }, { sha256: NEW, hasName: false }, 'seen'],
    ['is stale', {}, {}, 'open'],
    ['shows another healthy one', {}, { sha256: OTHER }, 'open'],
    ['shows another one that clients refuse', {}, { sha256: OTHER, isHealthy: false }, 'bad'],
    ['shows the same one that clients refuse by now', {}, { isHealthy: false }, 'open'],
    ['answers no more', {}, down, 'bad'],
    ['was refused before, and shows another that is', { isHealthy: false }, { sha256: OTHER, isHealthy: false }, 'open'],
  ])('%s', (_title, before, after, expected) => {
    expect(judge([aSighting(before)], [aSighting(after)])).toBe(expected)
  })

  test('that was down before is not watched', () => {
    expect(watchedOf({ sightings: [aSighting(down)] })).toEqual([])
    expect(judge([aSighting(down)], [aSighting({ sha256: OTHER, isHealthy: false })])).toBe('open')
  })

  test('that is down takes back also what the own address proves', () => {
    expect(judge([own(), aSighting()], [own({ sha256: NEW }), aSighting(down)])).toBe('bad')
  })

  test('that has lost an address is bad', () => {
    expect(judge([aSighting()], [])).toBe('bad')
  })
})

test('restored is what serves again what it served before', () => {
  const baseline = { sightings: [own(), aSighting(), aSighting({ ...down, address: '192.0.2.2' })] }
  expect(notRestored(baseline, [own(), aSighting()])).toEqual([])
  expect(notRestored(baseline, [own({ sha256: NEW }), aSighting()])).toEqual(['192.0.2.9:443: said'])
  expect(notRestored(baseline, [own()])).toHaveLength(1)
})

test.each<[string, Sighting[], boolean]>([
  ['nobody looks', [], false],
  ['all show it', [own({ sha256: NEW }), aSighting({ sha256: NEW })], false],
  ['its own address shows another', [own(), aSighting({ sha256: NEW })], true],
  ['its own address is silent', [own(down)], true],
  ['an endpoint shows another', [own({ sha256: NEW }), aSighting()], true],
  ['an endpoint shows it without its intermediates', [aSighting({ sha256: NEW, isComplete: false })], true],
  ['an endpoint is silent', [aSighting(down)], false],
])('a pair that is there is not served when %s: %s', (_title, sightings, expected) => {
  expect(isNotServed({ sightings }, NEW)).toBe(expected)
})

test('each site is looked at once, whatever addresses it had', () => {
  const sightings = [own(), aSighting(), aSighting({ address: '192.0.2.2' }), aSighting({ protocol: 'smtp' })]
  expect(sitesOf({ sightings })).toEqual([own(), aSighting(), aSighting({ protocol: 'smtp' })])
})
