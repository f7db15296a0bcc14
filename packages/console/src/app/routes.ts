/**
 * Every page of the console: its path, its place in the menu, and how its code is loaded. The one place to add a page to.
 *
 * @module
 */
import { createElement, lazy, type ComponentType, type ReactElement } from 'react'
import BellOutlined from '@ant-design/icons/es/icons/BellOutlined'
import SettingOutlined from '@ant-design/icons/es/icons/SettingOutlined'
import BankOutlined from '@ant-design/icons/es/icons/BankOutlined'
import GlobalOutlined from '@ant-design/icons/es/icons/GlobalOutlined'
import ProfileOutlined from '@ant-design/icons/es/icons/ProfileOutlined'
import TagsOutlined from '@ant-design/icons/es/icons/TagsOutlined'
import WalletOutlined from '@ant-design/icons/es/icons/WalletOutlined'
import SafetyCertificateOutlined from '@ant-design/icons/es/icons/SafetyCertificateOutlined'
import ShoppingCartOutlined from '@ant-design/icons/es/icons/ShoppingCartOutlined'
import type { ParseKeys } from 'i18next'
import type { PageProps } from './page-props.ts'

export interface Page {
  /** `:name` is a part of the path that the page gets in `params`. */
  readonly path: string
  readonly title: ParseKeys
  readonly component: ComponentType<PageProps>
  /** In the menu, in the order of this list. */
  readonly menu?: { readonly icon: ReactElement }
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
const balance = lazy(async () => ({ default: (await import('../pages/balance/balance-page.tsx')).BalancePage }))
const buy = lazy(async () => ({ default: (await import('../pages/buy/buy-page.tsx')).BuyPage }))
const orders = lazy(async () => ({ default: (await import('../pages/orders/orders-page.tsx')).OrdersPage }))
const order = lazy(async () => ({ default: (await import('../pages/orders/order-page.tsx')).OrderPage }))
const products = lazy(async () => ({ default: (await import('../pages/products/products-page.tsx')).ProductsPage }))
const issuers = lazy(async () => ({ default: (await import('../pages/issuers/issuers-page.tsx')).IssuersPage }))
const dnsConnections = lazy(async () => ({
  default: (await import('../pages/dns-connections/dns-connections-page.tsx')).DnsConnectionsPage,
}))
const notices = lazy(async () => ({ default: (await import('../pages/notices/notices-page.tsx')).NoticesPage }))
const settings = lazy(async () => ({ default: (await import('../pages/settings/settings-page.tsx')).SettingsPage }))
const signIn = lazy(async () => ({ default: (await import('../pages/sign-in/sign-in-page.tsx')).SignInPage }))

export const PAGES: readonly Page[] = [
  { path: '/', title: 'shell.certificates', component: certificates, menu: { icon: createElement(SafetyCertificateOutlined) } },
  { path: '/certificates/:id/renewal', title: 'renewal.title', component: certificates, overlay: renewal },
  { path: '/certificates/:id/application', title: 'renewal.title', component: certificates, overlay: renewal },
  { path: '/certificates/:id', title: 'certificate.title', component: certificate },
  { path: '/buy', title: 'buy.title', component: buy, menu: { icon: createElement(ShoppingCartOutlined) } },
  { path: '/orders', title: 'orders.title', component: orders, menu: { icon: createElement(ProfileOutlined) } },
  { path: '/orders/:id', title: 'orders.order', component: order },
  { path: '/balance', title: 'balance.menu', component: balance, menu: { icon: createElement(WalletOutlined) } },
  { path: '/balance/payments', title: 'balance.payments', component: balance },
  { path: '/balance/connections', title: 'balance.connections', component: balance },
  { path: '/products', title: 'products.menu', component: products, menu: { icon: createElement(TagsOutlined) } },
  { path: '/issuers', title: 'issuers.title', component: issuers, menu: { icon: createElement(BankOutlined) } },
  {
    path: '/dns-connections',
    title: 'dnsConnections.title',
    component: dnsConnections,
    menu: { icon: createElement(GlobalOutlined) },
  },
  { path: '/notices', title: 'notices.title', component: notices, menu: { icon: createElement(BellOutlined) } },
  { path: '/notices/channels', title: 'notices.channels', component: notices },
  { path: '/notices/settings', title: 'notices.rules', component: notices },
  { path: '/settings', title: 'settings.title', component: settings, menu: { icon: createElement(SettingOutlined) } },
  { path: '/settings/tokens', title: 'settings.tokens', component: settings },
  { path: '/settings/about', title: 'settings.about', component: settings },
  { path: '/sign-in', title: 'signIn.title', component: signIn, bare: true },
]
