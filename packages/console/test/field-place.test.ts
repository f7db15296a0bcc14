import { expect, test } from 'vitest'
import { placeOf } from '../src/components/field-place.ts'

const KNOWN = [['name'], ['config', 'host'], ['config', 'contacts'], ['config', 'eab', 'keyId'], ['prices', 0, 'base']]

test.each([
  ['name', ['name']],
  ['host', ['config', 'host']],
  ['config.host', ['config', 'host']],
  ['contacts.1', ['config', 'contacts']],
  ['eab.keyId', ['config', 'eab', 'keyId']],
  ['prices.0.base.amountMinor', ['prices', 0, 'base']],
  ['elsewhere', null],
])('a fault at %s is shown at %j', (path, place) => {
  expect(placeOf(path.split('.'), KNOWN)).toEqual(place)
})
