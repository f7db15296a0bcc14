/**
 * Every page of the console: its path, its place in the menu, and how its code is loaded. The one place to add a page to.
 *
 * @module
 */
import { createElement, lazy, type ComponentType, type ReactElement } from 'react'
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
  { path: '/certificates/:id/renewal', title: 'renewal.title', component: certificates, overlay: renewal },
  { path: '/certificates/:id/application', title: 'renewal.title', component: certificates, overlay: renewal },
  { path: '/certificates/:id', title: 'certificate.title', component: certificate },
  { path: '/sign-in', title: 'signIn.title', component: signIn, bare: true },
]
