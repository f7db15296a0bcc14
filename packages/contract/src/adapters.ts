/**
 * What can be connected: each kind of connection with its settings as JSON Schema, from which forms are made. Each list is for those
 * who may create such a connection.
 *
 * @module
 */
import { z } from 'zod'
import { read } from './operation.ts'
import { page } from './views.ts'

export const adapterView = z.object({
  id: z.string().meta({ description: 'The `kind` of a connection' }),
  title: z.string(),
  apiDocs: z.string().meta({ description: 'What it speaks: a URL, names of standards, or empty' }),
  isUntried: z.boolean().optional().meta({
    description: 'Checked against a fixture that judges requests as the real API does, but not yet tried on a live account',
  }),
  identity: z.array(z.string()).optional().meta({
    description: 'Settings that say which one is connected: a change of the connection leaves them as they are',
  }),
  settingsFromEnvironment: z.boolean().optional().meta({
    description: 'The service itself writes the settings at each start: a change of the connection leaves them all as they are',
  }),
  configSchema: z.record(z.string(), z.unknown()).meta({
    description:
      'Of `config`: JSON Schema 2020-12. `secret: true` marks what is encrypted and never shown again, `destination: true` what decides where the secrets go: with a change of it they have to be given again',
  }),
})
export type AdapterView = z.infer<typeof adapterView>

export const adapters = {
  ca: read(
    '/adapters/ca',
    'Issuers',
    'Kinds of certificate authorities and their settings (operator)',
    'installation:operate',
  ).output(page(adapterView)),
  dns: read('/adapters/dns', 'DNS', 'Kinds of DNS providers and their settings', 'targets:write').output(page(adapterView)),
  deploy: read('/adapters/deploy', 'Targets', 'Kinds of targets and their settings (operator)', 'installation:operate').output(
    page(adapterView),
  ),
  notify: read('/adapters/notify', 'Notices', 'Kinds of channels and their settings', 'notices:write').output(page(adapterView)),
  payment: read(
    '/adapters/payment',
    'Payments',
    'Kinds of payment providers and their settings (operator)',
    'installation:operate',
  ).output(page(adapterView)),
}
