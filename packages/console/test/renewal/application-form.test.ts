import { expect, it } from 'vitest'
import type { ApplicationFormView } from '@evercert/contract'
import { toForm, toValues, type FormValues } from '../../src/pages/renewal/application-form.ts'

const EMPTY: ApplicationFormView = {
  domains: [],
  validationMethod: 'file',
  dnsConnectionId: null,
  contact: null,
  contactId: null,
  location: null,
  companyId: null,
  superior: null,
  key: 'p256',
  csrPem: null,
  csrId: null,
  hostKey: null,
}
const WEI = { name: 'Wei', email: 'wei@example.com', phone: '+86 138 1234 5678' }

it('sends the contact that was typed where no contact is stored: the form has no field to choose one then', () => {
  const { contactId: _notShown, ...shown } = toValues({ form: EMPTY })
  const sent = toForm({ ...shown, domains: 'a.example.com', contact: WEI } as FormValues, EMPTY, 'DV')
  expect(sent).toMatchObject({ domains: ['a.example.com'], contact: WEI, contactId: null })
})

it('sends the contact that was chosen, and none beside it', () => {
  const values = { ...toValues({ form: EMPTY }), contactId: 'con_1', contact: WEI }
  expect(toForm(values, EMPTY, 'DV')).toMatchObject({ contact: null, contactId: 'con_1' })
})
