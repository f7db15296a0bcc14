import type { SameKeys } from '../texts.ts'
import type { signIn as zh } from '../zh/sign-in.ts'

export const signIn: SameKeys<typeof zh> = {
  title: 'Sign in to Evercert',
  token: 'API token',
  tokenHelp:
    'It begins with evc_. The operator’s is in the file operator.token of the service’s data folder. It is kept in this tab alone, and gone when you close it.',
  tokenMissing: 'Enter an API token.',
  submit: 'Sign in',
}
