import type { SameKeys } from '../texts.ts'
import type { contacts as zh } from '../zh/contacts.ts'

export const contacts: SameKeys<typeof zh> = {
  title: 'Contacts',
  intro:
    'People who are named in applications. The list masks addresses and numbers; what was submitted keeps what it was sent with.',
  name: 'Name',
  email: 'E-mail',
  phone: 'Phone',
  add: 'Add a contact',
  edit: 'Edit the contact',
  formIntro: 'The CA may call or write to this person: enter what reaches them.',
  emptyTitle: 'No contacts yet',
  emptyText: 'Add one, and choose it when you fill in an application.',
  removeTitle: 'Delete the contact “{{name}}”?',
  removeText: 'Later applications cannot choose it. What was submitted keeps its own copy and is not affected.',
}
