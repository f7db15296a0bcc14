import type { SameKeys } from '../texts.ts'
import type { singleSignOn as zh } from '../zh/single-sign-on.ts'

export const singleSignOn: SameKeys<typeof zh> = {
  title: 'Single sign-on',
  intro:
    'Users sign in with the OpenID Connect provider of your organisation. Only addresses that it has verified, of the domains that you list, are let in.',
  connect: 'Connect a provider',
  connectIntro: 'Saving reads the configuration of the provider. Register the redirect URL there first.',
  change: 'Change “{{title}}”',
  changeIntro: 'Its issuer and id stay as they are: for others, remove it and connect anew.',
  provider: 'Provider',
  name: 'Name',
  nameHelp: 'Stands on the button of the sign-in page.',
  issuer: 'Issuer URL',
  issuerHelp: 'Exactly the issuer of the provider’s configuration (/.well-known/openid-configuration), with https.',
  clientId: 'Client id',
  clientSecret: 'Client secret',
  secretHelp: 'Kept encrypted, and not shown again.',
  secretKept: 'Left empty, the present one stays.',
  domains: 'Domains of e-mail addresses',
  domainsHelp: 'With commas between; without their subdomains.',
  newUsers: 'Make users of newcomers',
  newUsersHelp: 'They are in no account until somebody invites them. Without this, only users sign in.',
  secondFactor: 'Second factor',
  secondFactorWays: {
    asked: 'asked for here too, of whoever has one',
    trusted: 'the provider’s is trusted',
  },
  secondFactorHelp: 'A trusted provider is believed unless it says that there was one factor alone (amr).',
  requiredAcr: 'Demanded contexts (acr)',
  requiredAcrHelp:
    'With commas between. Nobody comes in unless the provider says one of these, or several factors (amr: mfa). Empty: nothing is demanded.',
  usersOnly: 'users alone',
  redirectUrl: 'Redirect URL',
  noPublicUrl: 'Set EVERCERT_PUBLIC_URL first.',
  saved: '“{{title}}” is saved.',
  remove: 'Remove',
  removeTitle: 'Remove the provider “{{title}}”?',
  removeText: 'Nobody signs in with it any more; sessions go on. Users without a password need a recovery link to come in.',
  noneTitle: 'No provider is connected',
  noneText: 'Once one is, the sign-in page has a button for it.',
}
