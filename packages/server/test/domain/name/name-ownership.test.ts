import { expect, test } from 'vitest'
import { ownershipOf, type NameClaim } from '../../../src/domain/name/name-ownership.ts'

const CLAIMS: readonly NameClaim[] = [
  { name: 'example.com', accountId: 'a', how: 'proved' },
  { name: 'x.example.com', accountId: 'b', how: 'proved' },
  { name: 'example.org', accountId: 'a', how: 'assigned' },
  { name: 'deep.y.example.net', accountId: 'a', how: 'proved' },
]

test.each([
  ['example.com', 'held', 'foreign'],
  ['www.example.com', 'unclaimed', 'foreign'],
  ['a.b.example.com', 'unclaimed', 'foreign'],
  // The nearest claim decides.
  ['x.example.com', 'foreign', 'held'],
  ['www.x.example.com', 'foreign', 'unclaimed'],
  // A wildcard is its base's, and is valid for every name right below.
  ['*.x.example.com', 'foreign', 'held'],
  ['*.example.com', 'foreign', 'foreign'],
  ['*.www.example.com', 'unclaimed', 'foreign'],
  // What the operator gives, is given with what is below.
  ['example.org', 'held', 'foreign'],
  ['www.example.org', 'held', 'foreign'],
  ['*.example.org', 'held', 'foreign'],
  // Two names below: no wildcard of one level is valid there.
  ['*.example.net', 'unclaimed', 'unclaimed'],
  ['*.y.example.net', 'unclaimed', 'foreign'],
  ['y.example.net', 'unclaimed', 'unclaimed'],
  // A name that only ends like another.
  ['notexample.com', 'unclaimed', 'unclaimed'],
  ['com', 'unclaimed', 'unclaimed'],
])('%s: to the first account %s, to the second %s', (identifier, first, second) => {
  expect([ownershipOf(identifier, CLAIMS, 'a'), ownershipOf(identifier, CLAIMS, 'b')]).toEqual([first, second])
})
