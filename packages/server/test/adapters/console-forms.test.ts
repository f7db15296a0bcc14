// The console makes a form from the settings of each adapter; here, since the console does not import the server.
import { describe, expect, test } from 'vitest'
import { readFields, type AdapterField } from '../../../console/src/components/adapter-form/fields.ts'
import { textGroupsOf } from '../../../console/src/components/adapter-form/texts.ts'
import { more as en } from '../../../console/src/i18n/en/more.ts'
import { more as zh } from '../../../console/src/i18n/zh/more.ts'
import { caAdapters } from '../../src/adapters/ca/index.ts'
import { dnsAdapters } from '../../src/adapters/dns/index.ts'
import { deployAdapters } from '../../src/adapters/deploy/index.ts'
import { notifyAdapters } from '../../src/adapters/notify/index.ts'
import { paymentAdapters } from '../../src/adapters/payment/index.ts'
import { describeAdapter } from '../../src/services/adapters.ts'

const ADAPTERS = [...caAdapters, ...dnsAdapters, ...notifyAdapters, ...paymentAdapters].map((adapter) => describeAdapter(adapter))

describe.each(ADAPTERS)('the form of $id', ({ id, configSchema }) => {
  const all = (fields: readonly AdapterField[]): AdapterField[] =>
    fields.flatMap((field) => (field.kind === 'object' ? [field, ...all(field.fields)] : [field]))

  test('has a field for each setting', () => {
    const { properties } = configSchema as { properties: object }
    expect(readFields(configSchema).map(({ name }) => name)).toEqual(Object.keys(properties))
  })

  test.each([
    ['zh', zh],
    ['en', en],
  ] as const)('has its name and its labels in %s', (_language, texts) => {
    const labels = (texts.adapters.labels as Record<string, Record<string, string> | undefined>)[id] ?? {}
    expect(Object.keys(labels).toSorted()).toEqual(
      all(readFields(configSchema))
        .map(({ path }) => path.join('_'))
        .toSorted(),
    )
    expect(texts.adapters.titles).toHaveProperty(id)
  })
})

describe.each(deployAdapters.map((adapter) => describeAdapter(adapter)))('the form of the target $id', ({ id, configSchema }) => {
  const paths = (fields: readonly AdapterField[]): string[] =>
    fields.flatMap(({ path, ...field }) => [path.join('_'), ...(field.kind === 'object' ? paths(field.fields) : [])])

  test.each([
    ['zh', zh],
    ['en', en],
  ] as const)('has a label for each setting in %s', (_language, { adapters }) => {
    const labels = adapters.labels as Record<string, Record<string, string> | undefined>
    const known = new Set(textGroupsOf('deploy', id).flatMap((group) => Object.keys(labels[group] ?? {})))
    expect(paths(readFields(configSchema)).filter((path) => !known.has(path))).toEqual([])
  })
})
