import type { SameKeys } from '../texts.ts'
import type { csrs as zh } from '../zh/csrs.ts'

export const csrs: SameKeys<typeof zh> = {
  one: 'CSR',
  intro:
    'Certificate signing requests that applications can choose. The key of one that is made here stays here; of your own, the key need not leave your server.',
  name: 'Name',
  nameHelp: 'Unique in the account, at most 64 characters.',
  domains: 'Domains',
  domainsHelp: 'One a line; the first is the common name.',
  algorithm: 'Key algorithm',
  algorithmHelp: 'ECC P-256 suits nearly every server; choose RSA for old clients alone.',
  key: 'Private key',
  keyHere: 'kept here',
  keyAway: 'not here',
  keyHereMore: 'Its private key is kept here, encrypted.',
  usedBy: 'Used by',
  unused: 'not used',
  seeCertificate: 'See the certificate',
  createdAt: 'Created',
  origin: 'Origin',
  origins: { system: 'made here', uploaded: 'brought along' },
  commonName: 'Common name',
  publicKey: 'SHA-256 of the public key',
  pem: 'PEM of the CSR',
  copy: 'Copy the PEM',
  download: 'Save as .csr',
  view: 'View',
  add: 'Add a CSR',
  ways: { make: 'Make it here', bring: 'Bring your own' },
  wayHelp: {
    make: 'Key and CSR are made here. The key is kept encrypted, and used when the certificate is deployed.',
    bring:
      'Upload a CSR that was made on your server: RSA of 2048 bits or more, P-256 or P-384, with a public key that no other certificate has.',
  },
  make: 'Make the CSR',
  store: 'Store the CSR',
  privateKey: 'Private key',
  privateKeyOptional: 'Private key (optional)',
  privateKeyHelp:
    'With it the certificate can be deployed from here. Without it you can apply all the same, and the key never leaves you.',
  attachKey: 'Add its key',
  attachHelp:
    'With the key of this CSR, what is issued for it can be deployed from here. It is stored encrypted and never shown again.',
  fromFile: 'Read it from a file',
  fromFileHint: 'Choose a file or drop it here (at most 64 KB)',
  emptyTitle: 'No CSRs yet',
  emptyText: 'Applications make a CSR by themselves. Add one here to prepare it, or to use your own.',
  removeTitle: 'Delete the CSR “{{name}}”?',
  removeText: 'Later applications cannot choose it. What was issued for it stays.',
  removeWithKey: 'It is deleted with its private key, unless a certificate has that key. Later applications cannot choose it.',
}
