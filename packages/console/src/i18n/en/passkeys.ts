import type { SameKeys } from '../texts.ts'
import type { passkeys as zh } from '../zh/passkeys.ts'

export const passkeys: SameKeys<typeof zh> = {
  title: 'Passkeys',
  intro:
    'Sign in by fingerprint, face or PIN of your device, or by a security key, without password and code. A passkey works at this site alone, so that no other site can get it out of you.',
  noBrowser: 'This browser has no passkeys.',
  noPublicUrl:
    'Passkeys cannot be used here yet: browsers make them for a name over https (or for localhost) alone. The operator sets EVERCERT_PUBLIC_URL to such an address.',
  add: 'Add a passkey',
  addIntro: 'Give it a name and enter your password, then follow the browser. Your password and second factor stay as they are.',
  addWithoutPassword:
    'Give it a name, then follow the browser. If you signed in more than ten minutes ago, you are asked to sign in again first.',
  goOn: 'Go on',
  name: 'Name',
  nameHelp: 'Of the device that holds it, for instance: you will know it by this.',
  synced: 'synchronised by an account of your device',
  oneDevice: 'on one device alone',
  createdAt: 'Added',
  lastUsedAt: 'Last used',
  never: 'never',
  rename: 'Rename',
  renameTitle: 'Rename the passkey',
  remove: 'Remove',
  removeTitle: 'Remove the passkey “{{name}}”?',
  removeText:
    'It signs nobody in any more; sessions that began with it go on. What the device itself keeps can be deleted there afterwards.',
}
