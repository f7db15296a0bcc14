/**
 * Every page of the console: its path, its place in the menu, and how its code is loaded. The one place to add a page to.
 *
 * @module
 */
import { createElement, lazy, type ComponentType, type ReactElement } from 'react'
import AuditOutlined from '@ant-design/icons/es/icons/AuditOutlined'
import BankOutlined from '@ant-design/icons/es/icons/BankOutlined'
import CloudServerOutlined from '@ant-design/icons/es/icons/CloudServerOutlined'
import ContactsOutlined from '@ant-design/icons/es/icons/ContactsOutlined'
import FormOutlined from '@ant-design/icons/es/icons/FormOutlined'
import GlobalOutlined from '@ant-design/icons/es/icons/GlobalOutlined'
import KeyOutlined from '@ant-design/icons/es/icons/KeyOutlined'
import SafetyCertificateOutlined from '@ant-design/icons/es/icons/SafetyCertificateOutlined'
import UploadOutlined from '@ant-design/icons/es/icons/UploadOutlined'
import type { ParseKeys } from 'i18next'
import type { PageProps } from './page-props.ts'

/** In the order of the menu; a group without pages is not shown. */
export const MENU_GROUPS = ['certificates', 'applicants', 'operations', 'money', 'settings'] as const
export type MenuGroup = (typeof MENU_GROUPS)[number]

export interface Page {
  /** `:name` is a part of the path that the page gets in `params`. */
  readonly path: string
  readonly title: ParseKeys
  readonly component: ComponentType<PageProps>
  /** In the menu, within its group in the order of this list. */
  readonly menu?: { readonly icon: ReactElement; readonly group: MenuGroup }
  /** Drawn over the page in a drawer, which stays where it is. */
  readonly overlay?: ComponentType<PageProps>
  /** Without the frame of menu and header; for those who are not signed in. */
  readonly bare?: boolean
}

const certificates = lazy(async () => ({
  default: (await import('../pages/certificates/certificates-page.tsx')).CertificatesPage,
}))
const certificate = lazy(async () => ({ default: (await import('../pages/certificate/certificate-page.tsx')).CertificatePage }))
const renewal = lazy(async () => ({ default: (await import('../pages/renewal/renewal-drawer.tsx')).RenewalDrawer }))
const upload = lazy(async () => ({ default: (await import('../pages/upload/upload-page.tsx')).UploadPage }))
const applications = lazy(async () => ({
  default: (await import('../pages/applications/applications-page.tsx')).ApplicationsPage,
}))
const contacts = lazy(async () => ({ default: (await import('../pages/contacts/contacts-page.tsx')).ContactsPage }))
const companies = lazy(async () => ({ default: (await import('../pages/companies/companies-page.tsx')).CompaniesPage }))
const csrs = lazy(async () => ({ default: (await import('../pages/csrs/csrs-page.tsx')).CsrsPage }))
const reviews = lazy(async () => ({ default: (await import('../pages/reviews/reviews-page.tsx')).ReviewsPage }))
const review = lazy(async () => ({ default: (await import('../pages/review/review-page.tsx')).ReviewPage }))
const targets = lazy(async () => ({ default: (await import('../pages/targets/targets-page.tsx')).TargetsPage }))
const endpoints = lazy(async () => ({ default: (await import('../pages/endpoints/endpoints-page.tsx')).EndpointsPage }))
const application = lazy(async () => ({ default: (await import('../pages/renewal/renewal-drawer.tsx')).ApplicationDrawer }))
const welcome = lazy(async () => ({ default: (await import('../pages/welcome/welcome-page.tsx')).WelcomePage }))
const signIn = lazy(async () => ({ default: (await import('../pages/sign-in/sign-in-page.tsx')).SignInPage }))

export const PAGES: readonly Page[] = [
  {
    path: '/',
    title: 'shell.certificates',
    component: certificates,
    menu: { icon: createElement(SafetyCertificateOutlined), group: 'certificates' },
  },
  {
    path: '/upload',
    title: 'upload.title',
    component: upload,
    menu: { icon: createElement(UploadOutlined), group: 'certificates' },
  },
  {
    path: '/applications',
    title: 'applications.title',
    component: applications,
    menu: { icon: createElement(FormOutlined), group: 'certificates' },
  },
  {
    path: '/contacts',
    title: 'contacts.title',
    component: contacts,
    menu: { icon: createElement(ContactsOutlined), group: 'applicants' },
  },
  {
    path: '/companies',
    title: 'companies.title',
    component: companies,
    menu: { icon: createElement(BankOutlined), group: 'applicants' },
  },
  { path: '/csrs', title: 'csrs.title', component: csrs, menu: { icon: createElement(KeyOutlined), group: 'applicants' } },
  {
    path: '/reviews',
    title: 'reviews.title',
    component: reviews,
    menu: { icon: createElement(AuditOutlined), group: 'applicants' },
  },
  { path: '/reviews/:id', title: 'reviews.one', component: review },
  {
    path: '/targets',
    title: 'targets.title',
    component: targets,
    menu: { icon: createElement(CloudServerOutlined), group: 'operations' },
  },
  {
    path: '/endpoints',
    title: 'endpoints.title',
    component: endpoints,
    menu: { icon: createElement(GlobalOutlined), group: 'operations' },
  },
  { path: '/certificates/:id/renewal', title: 'renewal.title', component: certificates, overlay: renewal },
  { path: '/certificates/:id/application', title: 'renewal.application', component: certificates, overlay: application },
  { path: '/certificates/:id', title: 'certificate.title', component: certificate },
  { path: '/sign-in', title: 'signIn.title', component: signIn, bare: true },
  { path: '/welcome', title: 'signIn.welcomeTitle', component: welcome, bare: true },
]
