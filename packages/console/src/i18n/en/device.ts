import type { SameKeys } from '../texts.ts'
import type { device as zh } from '../zh/device.ts'

export const device: SameKeys<typeof zh> = {
  title: 'Sign in a command line',
  byToken:
    'You are signed in with an API token, which cannot confirm this. Sign out and sign in with e-mail, passkey or single sign-on.',
  noAccount: 'You are in no account, so there is nothing to give. Ask an owner of one for an invitation.',
  intro: 'Enter the code that “evercert login” shows. Enter only one that you asked for yourself, just now.',
  code: 'Code',
  codeHelp: '8 letters or digits, such as ABCD-EFGH.',
  codeMissing: 'Enter the code.',
  goOn: 'Go on',
  warning: 'Did you begin this login yourself?',
  warningText: 'When you allow it, the program acts for you with these permissions. If somebody sent you the code, refuse.',
  client: 'It calls itself',
  address: 'Network address',
  account: 'Account',
  user: 'In the name of',
  scopes: 'It will be given',
  nothing: 'nothing: you have none of what it asks for',
  days: 'Good for',
  dayCount_one: '{{count}} day',
  dayCount_other: '{{count}} days',
  give: 'Allow',
  refuse: 'Refuse',
  given: 'Allowed',
  givenText: 'The program gets its token now; you can close this page. It is listed under Your security, where you can end it.',
  refused: 'Refused',
  refusedText: 'The program was given nothing.',
}
