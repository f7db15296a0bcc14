import type { SameKeys } from '../texts.ts'
import type { signIn as zh } from '../zh/sign-in.ts'

export const signIn: SameKeys<typeof zh> = {
  title: 'Sign in to Evercert',
  email: 'E-mail',
  emailMissing: 'Enter an e-mail address.',
  password: 'Password',
  passwordMissing: 'Enter the password.',
  passwordHelp_one: 'At least {{count}} character, and not a common one.',
  passwordHelp_other: 'At least {{count}} characters, and not a common one.',
  code: 'Code',
  codeHelp: 'The 6 digits that your authenticator shows, or one of your back-up codes.',
  codeMissing: 'Enter the code.',
  byToken: 'Use an API token',
  byPassword: 'Use e-mail and password',
  byPasskey: 'Sign in with a passkey',
  or: 'or',
  deviceCauses: {
    notGiven: 'The browser was given no passkey.',
    registered: 'This device has a passkey of yours already.',
    other: 'This browser or device could not use a passkey.',
  },
  deviceRemedies: {
    notGiven:
      'It was cancelled, took too long, or this device has no passkey for this site. Try again, or sign in in another way.',
    registered: 'There is no need to add it again: sign in with it.',
    other: 'Try another browser or device, and see that the address of this page is the public one of the service.',
  },
  token: 'API token',
  tokenHelp:
    'It begins with evc_. The operator’s is in the file operator.token of the service’s data folder. It is kept in this tab alone, and gone when you close it.',
  tokenMissing: 'Enter an API token.',
  submit: 'Sign in',
  welcomeTitle: 'Welcome to Evercert',
  welcomeIntro: 'Make the first user, who is the operator of this installation.',
  name: 'Name',
  nameMissing: 'Enter a name.',
  createOperator: 'Create and sign in',
  linkMissing: 'The link is not complete',
  linkMissingHelp: 'Copy all of the link that the service printed at its start, with what begins with #token=.',
  invitationTitle: 'Join Evercert',
  invitationIntro: 'You are invited to the account “{{account}}”, with the role “{{role}}”.',
  accept: 'Become a user and join',
  join: 'Sign in and join',
  recoveryTitle: 'Set a new password',
  recoveryIntro: 'With the new password all your sessions, your second factor and your passkeys end; you can set them up again.',
  recover: 'Save and sign in',
}
